import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { TermError } from '@triterm/core/errors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServedDaemon } from '../testing/served-daemon.ts';
import { sessionInfo } from '../testing/session-info.ts';
import { scratchDir, type TestContext, testContext } from '../testing/test-context.ts';
import { listEverywhere } from './list-everywhere.ts';
import { runCli } from './route.ts';
import { withDaemon } from './with-daemon.ts';

const AWAY = sessionInfo({
  name: 'away',
  server: 'server-2',
  reachable: false,
  unreachableSince: '2026-01-01T00:00:00.000Z',
});

let scratch: ReturnType<typeof scratchDir>;
let context: TestContext;
let asked: Record<string, unknown>;
beforeEach(() => {
  scratch = scratchDir();
  context = testContext(scratch.path);
  asked = {};
});
afterEach(() => scratch[Symbol.dispose]());

/** Answers, and keeps what was asked last. */
function serve(answers: Record<string, unknown>): Promise<ServedDaemon> {
  return ServedDaemon.start(context.paths, {
    answers: Object.fromEntries(
      Object.entries(answers).map(([method, answer]) => [
        method,
        (params: unknown) => {
          asked[method] = params;
          return answer;
        },
      ]),
    ),
  });
}

describe('commands about all servers', () => {
  it('list every session, those that cannot be reached too', async () => {
    await using _daemon = await serve({ 'session.list': { sessions: [sessionInfo(), AWAY] } });
    await runCli(['ls', '--all', '--filter', 'server=server-*', '--filter', 'reachable=false'], context);
    expect(asked).toEqual({ 'session.list': { all: true, page: { after: null } } });
    expect(context.out.text).toMatch(/^away\t.*\tserver-2\tlocal\t2026-01-01T00:00:00.000Z\n$/);
  });

  it('ask for those of one server otherwise', async () => {
    await using _daemon = await serve({ 'session.list': { sessions: [] } });
    await runCli(['ls'], context);
    expect(asked).toEqual({ 'session.list': { all: false, page: { after: null } } });
  });

  it('watch all of them by the events of all', async () => {
    const daemon = await serve({ 'session.list': { sessions: [AWAY] }, 'events.subscribe': {} });
    const watching = runCli(['ls', '--all', '--watch', '--json'], context);
    await once(context.out, 'data');
    expect(asked).toEqual({
      'session.list': { all: true, page: { after: null } },
      'events.subscribe': { all: true },
    });
    writeFileSync(context.paths.stopMarker, '');
    await daemon[Symbol.asyncDispose]();
    await expect(watching).rejects.toMatchObject({ code: 'DAEMON_STOPPED' });
  });

  it('remove what cannot be reached by force only', async () => {
    await using _daemon = await serve({ 'session.kill': { session: AWAY } });
    await runCli(['kill', 'away'], context);
    expect(asked).toEqual({ 'session.kill': { target: 'away' } });
    await runCli(['kill', '--force', 'away'], context);
    expect(asked).toEqual({ 'session.kill': { target: 'away', force: true } });
  });

  it('recreate by force only, and say what they ask', async () => {
    await using _daemon = await serve({ 'session.recreate': { session: AWAY } });
    await runCli(['sessions', 'recreate', '-d', 'away'], context);
    expect(asked['session.recreate']).not.toHaveProperty('force');
    await runCli(['sessions', 'recreate', '-d', '--force', 'away'], context);
    expect(asked['session.recreate']).toMatchObject({ target: 'away', force: true });
    expect(context.out.text).toBe(`${AWAY.id}\n${AWAY.id}\n`);
  });

  it('say of when a screen is, where its server cannot be asked', async () => {
    const captured = { session: AWAY, scrollback: [], screen: ['old'], asOf: '2026-01-01T00:00:00.000Z' };
    await using _daemon = await serve({ 'session.capture': captured });
    await runCli(['capture', 'away'], context);
    expect(context.out.text).toBe('old\n');
    expect(context.err.text).toContain('as of 2026-01-01T00:00:00.000Z');
  });

  it('drain a server, and tell what is left on it', async () => {
    await using _daemon = await serve({
      'daemon.drain': { draining: true, sessions: [], handedOver: 2 },
      'session.list': {
        sessions: [sessionInfo({ name: 'left' }), sessionInfo({ name: 'ended', id: 'e', state: 'exited' })],
      },
    });
    await runCli(['daemon', 'drain'], context);
    expect(asked).toMatchObject({ 'daemon.drain': {}, 'session.list': { all: false } });
    expect(context.err.text).toBe(
      'No new sessions are made here; 2 clients were sent elsewhere. Still here: 1.\n',
    );
    expect(context.out.text).toMatch(/^left\t[^\n]*\n$/);
    await runCli(['daemon', 'drain', '--undo'], context);
    expect(asked).toMatchObject({ 'daemon.drain': { undo: true } });
  });

  it('offer what the server knows by itself while it cannot ask the database', async () => {
    await using _daemon = await ServedDaemon.start(context.paths, {
      answers: {
        'session.list': params => {
          if ((params as { all: boolean }).all) throw new TermError('STORE_UNAVAILABLE', 'Not now.');
          return { sessions: [sessionInfo({ name: 'here' })] };
        },
      },
    });
    const sessions = await withDaemon(context, client => listEverywhere(client));
    expect(sessions.map(({ name }) => name)).toEqual(['here']);
  });
});
