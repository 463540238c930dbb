/**
 * A shell that was left by `exit` stayed active in the database: the list showed it, the limit counted it, and opening it gave
 * nothing.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { Fleet, untilText } from '../support/fleet.ts';

describe('a shell that is left by exit', () => {
  let fleet: Fleet;
  let daemon: DaemonProcess;
  let id: string;
  beforeEach(async () => {
    fleet = await Fleet.start();
    daemon = await fleet.daemon('server-1', { TRITERM_MAX_SESSIONS: '1' });
    ({ id } = await daemon.session('work', ['sh', '-c', 'echo READY; read line; exit 3']));
    await untilText(daemon, 'work', 'READY');
  });
  afterEach(() => fleet[Symbol.asyncDispose]());

  const leave = async () => {
    const attachment = await (await daemon.client()).attach('work', {});
    await attachment.until('it is painted', self => self.snapshots > 0);
    attachment.type('\n');
    return attachment;
  };
  const ended = { state: 'exited', doc: { exitCode: 3, endedAt: expect.any(String) } };

  it('has ended in the database and in Redis, and makes room for the next one', async () => {
    await expect(daemon.session('next', ['cat'])).rejects.toMatchObject({ code: 'TOO_MANY_SESSIONS' });
    const attachment = await leave();
    await attachment.until('its end', self => self.exit !== undefined);
    await expect.poll(() => fleet.row(id), { timeout: 5000 }).toMatchObject(ended);
    await expect.poll(() => fleet.entry(id), { timeout: 5000 }).toMatchObject(ended);
    await daemon.session('next', ['cat']);
  });

  it('has ended also when no daemon was there to see it', async () => {
    const { pid } = await daemon.state('work');
    await daemon.end('SIGKILL');
    process.kill(pid ?? 0, 'SIGTERM');
    await daemon.start();
    const killed = { state: 'exited', doc: { signal: 'SIGTERM', endedAt: expect.any(String) } };
    await expect.poll(() => fleet.row(id), { timeout: 10_000 }).toMatchObject(killed);
    expect(await daemon.state('work')).toMatchObject({ state: 'exited', signal: 'SIGTERM' });
  });

  it('has ended also when the database was away then', async () => {
    await fleet.postgres.signal('SIGSTOP');
    const attachment = await leave();
    await attachment.until('its end', self => self.exit !== undefined);
    await fleet.postgres.signal('SIGCONT');
    await expect.poll(() => fleet.row(id), { timeout: 15_000 }).toMatchObject(ended);
  });
});
