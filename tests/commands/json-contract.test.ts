import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Triterm } from '../support/triterm.ts';

/** Scripts rely on these names: what is here may get more members, and loses none within a major release. */
const SESSION = [
  ...[
    'id',
    'name',
    'state',
    'command',
    'pid',
    'cwd',
    'title',
    'cols',
    'rows',
    'clients',
    'exitCode',
    'signal',
  ],
  ...['createdAt', 'lastActivityAt', 'server', 'labels', 'user', 'reachable', 'unreachableSince'],
];
const STATUS = [
  ...[
    'pid',
    'ptyHostPid',
    'version',
    'protocol',
    'uptimeMs',
    'sessions',
    'clients',
    'server',
    'stateDir',
    'socket',
  ],
  ...['store', 'ptyHosts', 'memoryBytes', 'listen', 'draining', 'lease', 'manager'],
];
const TOKEN = [
  ...['id', 'user', 'scope', 'session', 'label', 'state'],
  ...['createdAt', 'expiresAt', 'revokedAt', 'lastUsedAt'],
];
const SETTING = [
  ...['setting', 'value', 'default', 'origin', 'description', 'allowed'],
  ...['variables', 'secret', 'reload'],
];

let triterm: Triterm;
beforeAll(async () => {
  triterm = new Triterm();
  await triterm.ok('new', '-d', '-n', 'work', '--', 'bash');
  await triterm.ok('run', 'work', '--', 'echo', 'hello');
});
afterAll(() => triterm[Symbol.asyncDispose]());

describe('JSON', () => {
  it.each([
    [['new', '-d'], SESSION],
    [['sessions', 'rename', 'work', 'work'], SESSION],
    [['sessions', 'resize', 'work', '90x30'], SESSION],
    [['sessions', 'policy', 'work', 'latest'], SESSION],
    [
      ['sessions', 'policy', 'work'],
      ['sizePolicy', 'handOver'],
    ],
    [['sessions', 'label', 'work', 'a=1'], SESSION],
    [['sessions', 'label', 'work'], ['a']],
    [['sessions', 'detach', 'work'], ['detached']],
    [
      ['sessions', 'show', 'work'],
      [
        ...['session', 'clients', 'devices', 'sizePolicy', 'handOver'],
        ...['scrollbackLines', 'prompt', 'argv', 'offset'],
      ],
    ],
    [['send', 'work', '--keys', 'C-u'], ['bytes']],
    [
      ['capture', 'work'],
      ['session', 'scrollback', 'screen', 'cursor', 'offset', 'alternateScreen', 'asOf'],
    ],
    [
      ['wait', 'work', '--text', 'hello'],
      ['session', 'matched', 'commandStatus'],
    ],
    [
      ['run', 'work', '--', 'true'],
      ['output', 'truncated', 'exitCode'],
    ],
    [
      ['search', 'work', 'hello'],
      ['matches', 'truncated'],
    ],
    [['daemon', 'status'], STATUS],
    [['daemon', 'start'], STATUS],
    [['daemon', 'restart'], STATUS],
    [
      ['daemon', 'reload'],
      ['applied', 'restart'],
    ],
    [
      ['daemon', 'log-level', 'debug'],
      ['level', 'configured'],
    ],
    [
      ['daemon', 'drain'],
      ['draining', 'sessions', 'handedOver'],
    ],
    [
      ['daemon', 'drain', '--undo'],
      ['draining', 'sessions', 'handedOver'],
    ],
    [
      ['context', 'show'],
      ['name', 'url', 'current', 'hasToken', 'tokenId', 'ca'],
    ],
    [
      ['config', 'path'],
      ['configFile', 'exists'],
    ],
    [
      ['config', 'validate'],
      ['configFile', 'valid', 'problems', 'warnings'],
    ],
    [['doctor'], ['versions', 'checks']],
    [['daemon', 'stop'], ['pid']],
  ])('of `triterm %j` has its members', async (args, members) => {
    const [first = '', ...rest] = args;
    const value = await triterm.json<Record<string, unknown>>(first, ...rest);
    expect(Object.keys(value).sort()).toEqual([...members].sort());
    if (args[0] === 'daemon' && args[1] === 'stop') await triterm.ok('daemon', 'start');
  });

  it('of lists is an array of sessions', async () => {
    for (const args of [['ls'], ['sessions', 'ls'], ['kill', '--all']]) {
      const [first = '', ...rest] = args;
      const sessions = await triterm.json<Record<string, unknown>[]>(first, ...rest);
      expect(sessions.length).toBeGreaterThan(0);
      for (const session of sessions) expect(Object.keys(session).sort()).toEqual([...SESSION].sort());
    }
  });

  it('of a token that is made has the token and what is known of it, and of lists of tokens that alone', async () => {
    const made = await triterm.json<{ token: string; info: { id: string } }>('token', 'create');
    expect(Object.keys(made).sort()).toEqual(['info', 'token']);
    const listed = await triterm.json<object[]>('token', 'ls');
    const revoked = await triterm.json<object>('token', 'revoke', made.info.id);
    expect(listed).toHaveLength(1);
    for (const info of [made.info, ...listed, revoked])
      expect(Object.keys(info).sort()).toEqual([...TOKEN].sort());
  });

  it('of settings is an array of what is known of each', async () => {
    for (const setting of await triterm.json<object[]>('config', 'show'))
      expect(Object.keys(setting).sort()).toEqual([...SETTING].sort());
  });

  it('of an error is one line on stderr with code, message and hint', async () => {
    for (const args of [
      ['sessions', 'show', 'nope', '--json'],
      ['nonsense', '--json'],
      ['ls', '--json', '--nonsense'],
      ['daemon', '--json'],
    ]) {
      const { stdout, stderr, exitCode } = await triterm.run(args);
      expect([stdout, exitCode]).toEqual(['', args[1] === 'show' ? 3 : 2]);
      const { error } = JSON.parse(stderr) as { error: Record<string, unknown> };
      expect(error).toMatchObject({
        code: expect.stringMatching(/^[A-Z_]+$/),
        message: expect.any(String),
        hint: expect.any(String),
      });
    }
  });
});
