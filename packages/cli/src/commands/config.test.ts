import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { TermError } from '@triterm/core/errors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scratchDir, type TestContext, testContext } from '../testing/test-context.ts';
import { runCli } from './route.ts';

let scratch: ReturnType<typeof scratchDir>;
beforeEach(() => {
  scratch = scratchDir();
});
afterEach(() => scratch[Symbol.dispose]());

type Options = NonNullable<Parameters<typeof testContext>[1]>;
const configFile = () => testContext(scratch.path).paths.configFile;

async function run(words: string[], options: Options = {}): Promise<TestContext & { exitCode: number }> {
  const context = testContext(scratch.path, options);
  return Object.assign(context, { exitCode: await runCli(['config', ...words], context) });
}
const refusal = (words: string[], options?: Options): Promise<TermError> =>
  run(words, options).then(
    () => Promise.reject(new Error('nothing was refused')),
    (thrown: unknown) => TermError.from(thrown),
  );
const json = async (words: string[], options?: Options): Promise<unknown> =>
  JSON.parse((await run([...words, '--json'], options)).out.text);

function write(settings: object | string, mode = 0o600): void {
  mkdirSync(dirname(configFile()), { recursive: true });
  writeFileSync(configFile(), typeof settings === 'string' ? settings : JSON.stringify(settings), { mode });
}
const kept = (): unknown => JSON.parse(readFileSync(configFile(), 'utf8'));

describe('triterm config show', () => {
  it('tells every setting, its value and where that comes from', async () => {
    write({ maxSessions: 5, switchKey: '' });
    const { out } = await run(['show', '--origin'], { env: { REDIS_DB: '2' } });
    const lines = out.text.trimEnd().split('\n');
    expect(lines).toContain(`maxSessions\t5\t${configFile()}`);
    expect(lines).toContain(`switchKey\t\t${configFile()}`);
    expect(lines).toContain('redisDb\t2\tREDIS_DB');
    expect(lines).toContain('history\tdisk\tdefault');
    expect(lines).toContain('allowedHosts\t[]\tdefault');
    const { configSchema } = await import('@triterm/core/config/load');
    expect(lines.map(line => line.split('\t')[0])).toEqual(Object.keys(configSchema.shape));
  });

  it('tells only what is not left to its default', async () => {
    write({ maxSessions: 1000 });
    const { out } = await run(['show', '--changed'], { env: { TRITERM_TERM: 'xterm' } });
    expect(out.text).toBe('maxSessions\t1000\nterm\txterm\n');
  });

  it('says to a person that nothing is set, and prints nothing', async () => {
    const { out, err } = await run(['show', '--changed'], { terminal: { columns: 80 } });
    expect([out.text, err.text]).toEqual(['', 'Every setting has its default.\n']);
    expect((await run(['show', '--changed'])).err.text).toBe('');
  });

  it('has for programs what its documentation has', async () => {
    write({ sizePolicy: 'largest' });
    expect(await json(['show', 'sizePolicy'])).toEqual([
      {
        setting: 'sizePolicy',
        value: 'largest',
        default: 'latest',
        origin: { kind: 'file', name: configFile() },
        description: expect.stringContaining('window'),
        allowed: '`latest`, `smallest`, `largest` or `manual`',
        variables: ['TRITERM_SIZE_POLICY'],
        secret: false,
        reload: 'reload',
      },
    ]);
  });

  it('tells all about the settings that are named', async () => {
    const { out } = await run(['show', 'redisPort', 'detachKey'], {
      terminal: { columns: 100 },
      env: { NO_COLOR: '1' },
    });
    expect(out.text).toMatch(/^setting +redisPort\n/);
    expect(out.text).toMatch(/value +null\n/);
    expect(out.text).toMatch(/allowed +a whole number from 1 to 65535 or `null`\n/);
    expect(out.text).toMatch(/variables +TRITERM_REDIS_PORT, REDIS_PORT\n/);
    expect(out.text).toMatch(/\n\n.*detachKey/);
  });

  it('hides secrets, wherever they come from and however they are asked for', async () => {
    write({ redisPassword: 'hunter2', databaseUrl: 'postgres://u:hunter2@h/n', redisHost: 'h' });
    const env = { TRITERM_CLUSTER_SECRET: 'hunter2'.repeat(5) };
    const lines = [[], ['--origin'], ['--json'], ['redisPassword', 'databaseUrl'], ['--changed']];
    for (const terminal of [undefined, { columns: 80 }])
      for (const words of lines) {
        const { out, err } = await run(['show', ...words], { env, ...(terminal && { terminal }) });
        expect(out.text).toContain('[hidden]');
        expect(out.text + err.text).not.toContain('hunter2');
      }
    expect(await json(['show', 'redisUrl', 'redisHost', 'redisPassword'], { env })).toMatchObject([
      { setting: 'redisUrl', value: '', secret: false },
      { setting: 'redisHost', value: 'h', secret: false },
      { setting: 'redisPassword', value: '[hidden]', secret: true },
    ]);
  });

  it('warns of a variable that nobody knows', async () => {
    const { out, err } = await run(['show', '--json'], { env: { TRITERM_MAX_SESION: '5' } });
    expect(err.text).toContain('did you mean TRITERM_MAX_SESSIONS?');
    expect(() => JSON.parse(out.text) as unknown).not.toThrow();
  });

  it('shows nothing where no daemon would start', async () => {
    write({ maxSessions: 0, colour: 1 });
    const error = await refusal(['show']);
    expect(error).toMatchObject({ code: 'BAD_CONFIG', hint: expect.stringContaining('config validate') });
  });
});

describe('triterm config get', () => {
  it('prints the value alone: a string as it is, anything else as JSON', async () => {
    write({ detachKey: 'C-a', allowedHosts: ['a', 'b'], redisPassword: 'hunter2' });
    const value = async (...words: string[]) => (await run(['get', ...words])).out.text;
    expect(await value('detachKey')).toBe('C-a\n');
    expect(await value('detachKey', '--json')).toBe('"C-a"\n');
    expect(await value('allowedHosts')).toBe('["a","b"]\n');
    expect(await value('maxSessions')).toBe('1000\n');
    expect(await value('redisPort')).toBe('null\n');
    expect(await value('redisPassword')).toBe('hunter2\n');
  });

  it.each(['get', 'show', 'set', 'unset'])(
    '%s refuses an unknown setting and suggests one',
    async command => {
      const error = await refusal([command, 'maxSesions', ...(command === 'set' ? ['5'] : [])]);
      expect(error).toMatchObject({
        code: 'USAGE',
        exitCode: 2,
        message: expect.stringContaining('Did you mean maxSessions?'),
      });
      expect(existsSync(configFile())).toBe(false);
    },
  );
});

describe('triterm config set', () => {
  it('writes the setting and keeps the others', async () => {
    write({ zeta: undefined, switchKey: '', maxSessions: 5, term: 'xterm' }, 0o644);
    await run(['set', 'maxSessions', '7']);
    await run(['set', 'allowedHosts', 'a, b', 'shellIntegration', 'off', 'redisPort', 'null']);
    expect(JSON.stringify(kept())).toBe(
      '{"switchKey":"","maxSessions":7,"term":"xterm","allowedHosts":["a","b"],"shellIntegration":false,"redisPort":null}',
    );
    expect(statSync(configFile()).mode & 0o777).toBe(0o644);
  });

  it('closes the file when a secret comes into it', async () => {
    write({ redisHost: 'h' }, 0o644);
    await run(['set', 'redisPassword', '-'], { input: 'hunter2\n' });
    expect(kept()).toEqual({ redisHost: 'h', redisPassword: 'hunter2' });
    expect(statSync(configFile()).mode & 0o007).toBe(0);
  });

  it('says what has to happen for it to count', async () => {
    const said = async (...words: string[]) => (await run(['set', ...words])).err.text;
    expect(await said('maxSessions', '7')).toContain('triterm daemon reload');
    expect(await said('redisHost', 'h')).toContain('triterm daemon restart');
    expect(await said('maxSessions', '8', 'redisHost', 'i')).not.toContain('daemon reload');
    expect(await said('detachKey', 'C-a')).not.toContain('daemon');
    expect(await said('detachKey', 'C-a')).toBe('');
    const { err } = await run(['set', 'maxSessions', '9'], { env: { TRITERM_MAX_SESSIONS: '1' } });
    expect(err.text).toContain('TRITERM_MAX_SESSIONS overrides maxSessions');
  });

  it.each([
    ['maxSessions', 'many'],
    ['maxSessions', '0'],
    ['history', 'tape'],
    ['detachKey', 'a'],
    ['redisHost', 'h:1'],
    ['databaseUrl', 'mysql://h/n'],
    ['listen', 'wss://h:1'],
    ['clusterSecret', '-'],
  ])('refuses %s %s, and the file stays as it was', async (setting, value) => {
    write('{ "maxClients":3 }');
    const error = await refusal(['set', setting, value], { input: 'short\n' });
    expect(error).toMatchObject({ code: 'BAD_CONFIG', hint: expect.stringContaining('Nothing was changed') });
    expect(error.message).toContain(setting);
    expect(readFileSync(configFile(), 'utf8')).toBe('{ "maxClients":3 }');
  });

  it('refuses a file that is no JSON, and loses nothing of it', async () => {
    write('{ "maxClients":3, // mine\n}');
    expect(await refusal(['set', 'maxSessions', '5'])).toMatchObject({ code: 'BAD_CONFIG' });
    expect(readFileSync(configFile(), 'utf8')).toBe('{ "maxClients":3, // mine\n}');
  });

  it('mends a damaged configuration step by step, and tells what is left', async () => {
    write({ maxClients: 'many', colour: 1 });
    const { err } = await run(['set', 'maxClients', '3']);
    expect(err.text).toContain('colour: unknown setting');
    await run(['unset', 'colour']);
    expect(kept()).toEqual({ maxClients: 3 });
  });

  it('takes no secret from the command line, and repeats none', async () => {
    for (const [setting, value] of [
      ['redisPassword', 'hunter2'],
      ['databaseUrl', 'postgres://u:hunter2@h/n'],
    ] as const) {
      const error = await refusal(['set', setting, value]);
      expect(error.code).toBe('USAGE');
      expect(error.message + error.hint).not.toContain('hunter2');
      expect(existsSync(configFile())).toBe(false);
    }
    await run(['set', 'databaseUrl', 'postgres://u@h/n']);
    expect(kept()).toEqual({ databaseUrl: 'postgres://u@h/n' });
  });

  it('reads a value from standard input without its last line’s end', async () => {
    await run(['set', 'redisPassword', '-', 'redisHost', 'h'], { input: ' hunter 2 \n' });
    expect(kept()).toEqual({ redisPassword: ' hunter 2 ', redisHost: 'h' });
  });

  it('refuses values that are missing, empty, too many or too long', async () => {
    expect((await refusal(['set', 'redisPassword'], { input: 'x' })).code).toBe('USAGE');
    expect((await refusal(['set', 'redisHost', 'h', 'redisDb'])).message).toContain('redisDb');
    expect((await refusal(['set', 'redisPassword', '-'], { input: '\n' })).message).toContain('No value');
    expect((await refusal(['set', 'redisDb', '1', 'redisDb', '2'])).message).toContain('twice');
    expect((await refusal(['set', 'redisPassword', '-', 'redisHost', '-'])).message).toContain('one value');
    const input = 'x'.repeat(100_000);
    expect((await refusal(['set', 'redisPassword', '-'], { input })).message).toContain('longer');
    expect(existsSync(configFile())).toBe(false);
  });
});

describe('triterm config unset', () => {
  it('removes settings, and says of others that they are not there', async () => {
    write({ maxSessions: 5, term: 'xterm' });
    const { err } = await run(['unset', 'maxSessions', 'shell']);
    expect(kept()).toEqual({ term: 'xterm' });
    expect(err.text).toContain('shell is not set');
    expect(err.text).toContain('triterm daemon reload');
    write('{ "term":"xterm" }');
    const again = await run(['unset', 'maxSessions']);
    expect(again.err.text).not.toContain('reload');
    expect(readFileSync(configFile(), 'utf8')).toBe('{ "term":"xterm" }');
  });

  it('removes nothing that another setting needs', async () => {
    write({ redisSentinels: ['a'], redisSentinelName: 'm' });
    expect(await refusal(['unset', 'redisSentinelName'])).toMatchObject({ code: 'BAD_CONFIG' });
    await run(['unset', 'redisSentinelName', 'redisSentinels']);
    expect(kept()).toEqual({});
  });
});

describe('triterm config validate', () => {
  it('leaves with 0 for a good configuration, and with warnings', async () => {
    expect(await run(['validate'])).toMatchObject({ exitCode: 0 });
    write({ maxSessions: 5 });
    const { exitCode, out } = await run(['validate'], { env: { TRITERM_COLOUR: '1' } });
    expect(exitCode).toBe(0);
    expect(out.text).toMatch(/^warning +TRITERM_COLOUR: .*\n.*in order\.\n$/);
  });

  it('tells all problems of the file, and of variables, and leaves with 1', async () => {
    write({ maxSesions: 1, switchKey: 'a' });
    const options = { env: { TRITERM_LEASE_MS: '1' } };
    const { exitCode, out } = await run(['validate'], options);
    expect(exitCode).toBe(1);
    expect(out.text).toMatch(/maxSesions: unknown setting; did you mean maxSessions\?/);
    expect(out.text).toMatch(/TRITERM_LEASE_MS: leaseMs: /);
    expect(out.text).toMatch(/switchKey: "a" is needed for typing/);
    expect(out.text).toMatch(/\n3 problems\.\n$/);
    expect(await json(['validate'], options)).toEqual({
      configFile: configFile(),
      valid: false,
      problems: [
        expect.objectContaining({ setting: 'leaseMs', source: 'TRITERM_LEASE_MS' }),
        expect.anything(),
        expect.anything(),
      ],
      warnings: [],
    });
  });

  it('checks another file in its place, from where it is called', async () => {
    write('{');
    writeFileSync(`${scratch.path}/new.json`, '{}', { mode: 0o600 });
    expect(await run(['validate', 'new.json'])).toMatchObject({ exitCode: 0 });
    expect(await refusal(['validate', 'none.json'])).toMatchObject({ code: 'FILE_NOT_FOUND' });
  });
});

describe('triterm config path', () => {
  it('prints where the file is, also when it is not there', async () => {
    expect((await run(['path'])).out.text).toBe(`${configFile()}\n`);
    expect(await json(['path'])).toEqual({ configFile: configFile(), exists: false });
    write({});
    expect(await json(['path'])).toEqual({ configFile: configFile(), exists: true });
  });
});
