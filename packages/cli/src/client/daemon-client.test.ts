import { writeFileSync } from 'node:fs';
import { type Paths, resolvePaths } from '@triterm/core/config/paths';
import { TermError } from '@triterm/core/errors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServedDaemon, type ServedDaemonOptions } from '../testing/served-daemon.ts';
import { scratchDir } from '../testing/test-context.ts';
import { connectDaemon, type DaemonClient } from './daemon-client.ts';

let scratch: ReturnType<typeof scratchDir>;
let paths: Paths;
let daemon: ServedDaemon | undefined;
let client: DaemonClient | undefined;

beforeEach(() => {
  scratch = scratchDir();
  paths = resolvePaths({ TRITERM_STATE_DIR: scratch.path });
});
afterEach(async () => {
  client?.close();
  await daemon?.[Symbol.asyncDispose]();
  [client, daemon] = [undefined, undefined];
  scratch[Symbol.dispose]();
});

async function connect(options: ServedDaemonOptions = {}): Promise<DaemonClient> {
  daemon = await ServedDaemon.start(paths, options);
  client = await connectDaemon({ paths, remote: undefined, autostart: false, answerTimeoutMs: 200 });
  return client;
}

describe('a connection to the daemon', () => {
  it('knows who answers, and brings results and errors', async () => {
    const connected = await connect({
      answers: {
        'session.list': () => ({ sessions: [] }),
        'session.show': () => {
          throw new TermError('SESSION_NOT_FOUND', 'There is no session x.', { hint: 'Look.' });
        },
      },
    });
    expect(connected.software).toMatch(/^tritermd\/\d/);
    expect(await connected.request('session.list', {})).toEqual({ sessions: [] });
    await expect(connected.request('session.show', { target: 'x' })).rejects.toMatchObject({
      code: 'SESSION_NOT_FOUND',
      message: 'There is no session x.',
      hint: 'Look.',
    });
  });

  it('says that none runs', async () => {
    await expect(connectDaemon({ paths, remote: undefined, autostart: false })).rejects.toMatchObject({
      code: 'DAEMON_UNREACHABLE',
      exitCode: 6,
    });
  });

  it('says which daemon hangs', async () => {
    writeFileSync(`${paths.lock}.json`, '{"pid":4242,"startTime":7}');
    await expect(connect({ manner: 'silent' })).rejects.toMatchObject({
      code: 'DAEMON_NOT_RESPONDING',
      message: 'tritermd (pid 4242) does not answer within 0.2 s.',
      hint: expect.stringContaining('triterm daemon restart --force'),
    });
  });

  it('says that the other side is of another protocol', async () => {
    await expect(connect({ protocol: { min: 98, max: 99 } })).rejects.toMatchObject({
      code: 'PROTOCOL_MISMATCH',
      exitCode: 8,
      hint: expect.stringContaining('triterm daemon restart'),
    });
  });

  it('fails at once when the daemon hangs up and may not be started', async () => {
    await expect(connect({ manner: 'closing' })).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    expect(daemon?.connections).toBe(1);
  });

  it('is tried again while a daemon that may be started is leaving', async () => {
    daemon = await ServedDaemon.start(paths, { manner: 'closing' });
    const connecting = connectDaemon({ paths, remote: undefined, autostart: true, deadlineMs: 300 });
    await expect(connecting).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    expect(daemon.connections).toBeGreaterThan(2);
  });

  it('tells a wait that is over from a daemon that does not answer', async () => {
    const connected = await connect({
      answers: {
        'session.wait': () => {
          throw new TermError('TIMEOUT', 'It did not happen.');
        },
        'daemon.status': () => new Promise(() => {}),
      },
    });
    const condition = { kind: 'exit' } as const;
    await expect(
      connected.request('session.wait', { target: 'x', condition, timeoutMs: 1 }),
    ).rejects.toMatchObject({ code: 'TIMEOUT', exitCode: 124 });
    await expect(connected.request('daemon.status', {}, { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'DAEMON_NOT_RESPONDING',
      exitCode: 6,
    });
  });

  it('fails what is under way when the daemon goes', async () => {
    const connected = await connect({ answers: { 'daemon.status': () => new Promise(() => {}) } });
    const asked = connected.request('daemon.status', {});
    daemon?.hangUp();
    await expect(asked).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  });
});
