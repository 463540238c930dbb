import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { TermError } from '@triterm/core/errors';
import { VERSION } from '@triterm/core/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scratchDir, testContext } from '../testing/test-context.ts';
import { asksForJson, runCli } from './route.ts';

let scratch: ReturnType<typeof scratchDir>;
beforeAll(() => {
  scratch = scratchDir();
});
afterAll(() => scratch[Symbol.dispose]());

async function output(line: string, columns?: number): Promise<string> {
  const context = testContext(scratch.path, columns === undefined ? {} : { terminal: { columns } });
  expect(await runCli(line === '' ? [] : line.split(' '), context)).toBe(0);
  expect(context.err.text).toBe('');
  return context.out.text;
}

async function refusal(line: string): Promise<TermError> {
  const thrown = await runCli(line.split(' '), testContext(scratch.path)).catch((error: unknown) => error);
  if (thrown instanceof TermError) return thrown;
  throw new Error(`no TermError but ${String(thrown)}`);
}

describe('the command line', () => {
  it.each(['--version', '-V'])('prints the version: %s', async line => {
    expect(await output(line)).toBe(`${VERSION}\n`);
  });

  it.each(['', '--help', '-h', 'help'])('prints the list of commands: triterm %s', async line => {
    expect(await output(line)).toMatch(/^Usage: triterm \[command\]\n[\s\S]*\n {2}sessions +Look/);
  });

  it.each(['sessions', 'sessions --help', 'help sessions'])('prints a group: triterm %s', async line => {
    expect(await output(line)).toMatch(/^Usage: triterm sessions <command>\n[\s\S]*\n {2}rename +Give/);
  });

  it.each(['help sessions rename', 'sessions rename --help', 'sessions rename work -h'])(
    "prints a command's help: triterm %s",
    async line => {
      expect(await output(line)).toMatch(/^Usage: triterm sessions rename \[options\] SESSION NAME\n/);
    },
  );

  it('lays help out for the terminal, and for 100 columns at most', async () => {
    const widest = (text: string) => Math.max(...text.split('\n').map(line => line.length));
    expect(widest(await output('help attach', 70))).toBeLessThanOrEqual(70);
    expect(widest(await output('help attach', 300))).toBeLessThanOrEqual(100);
  });

  it.each([
    ['atach', 'Unknown command "atach". Did you mean attach?', 'See `triterm --help`.'],
    ['zzz', 'Unknown command "zzz".', 'See `triterm --help`.'],
    [
      'sessions shw',
      'Unknown command "sessions shw". Did you mean sessions show?',
      'See `triterm sessions --help`.',
    ],
    ['help nope', 'Unknown command "nope".', 'See `triterm --help`.'],
    ['constructor', 'Unknown command "constructor".', 'See `triterm --help`.'],
    [
      '--versoin',
      'Unknown option --versoin. Did you mean --version?',
      'Options of a command stand behind it; see `triterm --help`.',
    ],
    [
      'sessions --json',
      'Unknown option --json.',
      'Options of a command stand behind it; see `triterm sessions --help`.',
    ],
    ['ls --jsn', 'Unknown option --jsn. Did you mean --json?', 'See `triterm ls --help`.'],
    [
      '--host office config show',
      '`triterm config show` asks no server, and takes no --host.',
      'See `triterm config show --help`.',
    ],
    ['config show --host office', 'Unknown option --host.', 'See `triterm config show --help`.'],
    ['sessions ls extra', 'Unexpected argument "extra".', 'See `triterm sessions ls --help`.'],
  ])('refuses `triterm %s` and says what to do', async (line, message, hint) => {
    const error = await refusal(line);
    expect(error).toMatchObject({ code: 'USAGE', exitCode: 2, message, hint });
  });

  it.each([
    '--host lab ls',
    '--host=lab ls',
    'ls --host lab',
    'ls --host=lab --json',
    '--host wss://x ls --host lab',
  ])('asks the server that it names: triterm %s', async line => {
    expect(await refusal(line)).toMatchObject({
      code: 'CONTEXT_NOT_FOUND',
      message: 'There is no context "lab".',
    });
  });

  it.each([
    ['--host', '--host is empty.'],
    ['--host= ls', '--host is empty.'],
    ['ls --host=', '--host is empty.'],
    ['context ls --host lab', 'Unknown option --host.'],
  ])('refuses `triterm %s`, which names none', async (line, message) => {
    expect(await refusal(line)).toMatchObject({ code: 'USAGE', message });
  });

  it.each([
    'daemon start',
    'daemon stop',
    'daemon restart',
    'daemon logs',
    'db export',
    'db import x',
    'db backup x',
    'doctor',
  ])('does not do on another server what is about this machine: triterm %s', async line => {
    const error = await refusal(`${line} --host wss://a`);
    expect(error).toMatchObject({ code: 'NOT_REMOTELY', exitCode: 5 });
    expect(error.message).toContain(`triterm ${line.replace(' x', '')}`);
  });

  it('does it here when another server is merely the current context, and says so', async () => {
    const context = testContext(scratch.path);
    mkdirSync(dirname(context.paths.contextsFile), { recursive: true });
    const contexts = { current: 'lab', contexts: { lab: { url: 'wss://lab' } } };
    writeFileSync(context.paths.contextsFile, JSON.stringify(contexts), { mode: 0o600 });
    try {
      expect(await runCli(['daemon', 'stop'], context)).toBe(0);
      expect(context.err.text).toBe(
        'triterm: this is about this machine, not about the context lab\nNo tritermd was running.\n',
      );
    } finally {
      rmSync(context.paths.contextsFile);
    }
  });

  it('asks for errors as JSON before -- only', () => {
    expect(asksForJson(['ls', '--json'])).toBe(true);
    expect(asksForJson(['--json', 'nonsense'])).toBe(true);
    expect(asksForJson(['run', 'work', '--', 'ls', '--json'])).toBe(false);
    expect(asksForJson(['ls'])).toBe(false);
  });
});
