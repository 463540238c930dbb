import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunningCommand } from '../support/running-command.ts';
import { Triterm, until } from '../support/triterm.ts';

interface Event {
  readonly type: string;
  readonly at: string;
  readonly session: string;
  readonly name: string;
  readonly data: Record<string, unknown>;
}

let triterm: Triterm;
beforeEach(() => {
  triterm = new Triterm();
});
afterEach(() => triterm[Symbol.asyncDispose]());

/** `triterm events`, once it hears of what happens. */
async function listen(...args: string[]): Promise<RunningCommand> {
  const events = new RunningCommand(triterm, ['events', ...args]);
  await triterm.ok('new', '-d', '-n', 'probe', '--', 'cat');
  let probe = 0;
  await until(async () => {
    probe += 1;
    await triterm.ok('sessions', 'rename', probe === 1 ? 'probe' : `probe-${probe - 1}`, `probe-${probe}`);
    return events.lines.length > 0;
  }, 'an event');
  return events;
}

const read = (lines: readonly string[]) => lines.map(line => JSON.parse(line) as Event);
const has = (type: string, name: string) => (lines: readonly string[]) =>
  read(lines).some(event => event.type === type && event.name === name);

describe('triterm events', () => {
  it('prints what happens to sessions, a JSON line each, in order', async () => {
    await using events = await listen();
    const id = (await triterm.ok('new', '-d', '-n', 'work', '--', 'bash')).trim();
    await triterm.ok('run', 'work', '--', 'printf', '\\033]0;a title\\007\\a\\033]9;look\\007');
    await triterm.ok('run', 'work', '--', 'cd', '/usr');
    await triterm.ok('sessions', 'resize', 'work', '100x30');
    await triterm.ok('sessions', 'rename', 'work', 'play');
    await triterm.run(['run', 'play', '--', 'sh', '-c', 'exit 3']);
    await triterm.ok('kill', 'play');
    await triterm.ok('kill', 'play');
    const happened = read(await events.until(has('removed', 'play'))).filter(({ session }) => session === id);
    for (const event of happened) {
      expect(Object.keys(event)).toEqual(['type', 'at', 'session', 'name', 'server', 'data']);
      expect(new Date(event.at).toISOString()).toBe(event.at);
    }
    const data = (type: string) => happened.filter(event => event.type === type).map(event => event.data);
    expect(data('created')).toEqual([{ command: 'bash' }]);
    expect(data('title')).toContainEqual({ title: 'a title' });
    expect(data('bell')).toContainEqual({});
    expect(data('notification')).toEqual([{ body: 'look' }]);
    expect(data('cwd')).toContainEqual({ cwd: '/usr' });
    expect(data('resized')).toContainEqual({ cols: 100, rows: 30 });
    expect(data('renamed')).toEqual([{ name: 'play', before: 'work' }]);
    expect(data('commandStarted')).toContainEqual({ command: "'cd' '/usr'" });
    expect(data('commandFinished')).toContainEqual({ command: "'sh' '-c' 'exit 3'", exitCode: 3 });
    expect(data('exited')).toEqual([{ exitCode: null, signal: 'SIGHUP' }]);
    const order = happened.map(({ type }) => type);
    expect(order[0]).toBe('created');
    expect(order.slice(-2)).toEqual(['exited', 'removed']);
  });

  it('tells who attaches and detaches', async () => {
    await using events = await listen();
    await triterm.ok('new', '-d', '-n', 'work', '--', 'cat');
    await using terminal = triterm.openShell('triterm attach work; echo "[status $?]"');
    await events.until(has('attached', 'work'));
    await triterm.ok('sessions', 'detach', 'work');
    await terminal.untilText('[status 0]');
    const client = (type: string) =>
      read(events.lines).find(event => event.type === type && event.name === 'work')?.data.client;
    await events.until(has('detached', 'work'));
    expect(client('attached')).toBe(client('detached'));
  });

  it('is of one session, where that is asked for', async () => {
    await triterm.ok('new', '-d', '-n', 'one', '--', 'cat');
    await using events = new RunningCommand(triterm, ['events', '--session', 'one']);
    let size = 20;
    await until(async () => {
      size += 1;
      await triterm.ok('new', '-d', '--', 'cat');
      await triterm.ok('sessions', 'resize', 'one', `${size}x10`);
      return events.lines.length > 0;
    }, 'an event');
    expect(new Set(read(events.lines).map(({ name }) => name))).toEqual(new Set(['one']));
    expect((await triterm.run(['events', '--session', 'nope'])).exitCode).toBe(3);
  });

  it('goes on after a restart of the daemon, and ends when that is stopped', async () => {
    await using events = await listen();
    await triterm.ok('daemon', 'restart');
    let count = 0;
    await until(async () => {
      count += 1;
      await triterm.ok('new', '-d', '-n', `after-${count}`, '--', 'cat');
      return has('created', `after-${count}`)(events.lines);
    }, 'an event after the restart');
    await triterm.ok('daemon', 'stop');
    expect(await events.exited()).toBe(6);
    expect(events.stderr).toContain('stopped');
  });

  it('ends quietly when nobody reads any more', async () => {
    await using terminal = triterm.openShell('triterm events | head -1; echo "[status ${PIPESTATUS[0]}]"');
    let count = 0;
    await until(async () => {
      count += 1;
      await triterm.ok('new', '-d', '-n', `s-${count}`, '--', 'cat');
      return terminal.screen.text.includes('[status');
    }, 'the end');
    expect(terminal.screen.text).toMatch(/^\{"type":"created"[\s\S]*\}\n\[status 0\]$/);
  });
});
