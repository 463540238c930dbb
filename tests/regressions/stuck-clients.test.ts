/**
 * Nothing held output back for clients that did not take it: with paused clients the server grew from 260 to 1272 MB in 12 s.
 * And while a client was connected, SIGTERM hung.
 */
import { readFileSync } from 'node:fs';
import type { ProtocolClient } from '@triterm/core/sandbox/protocol-client';
import { afterEach, describe, expect, it } from 'vitest';
import { DaemonProcess } from '../support/daemon-process.ts';
import { Fleet, untilText } from '../support/fleet.ts';
import { isAlive, until } from '../support/triterm.ts';

const MIB = 1024 * 1024;
const PAUSED_CLIENTS = 12;
/** What flows while they are paused. */
const FLOOD_BYTES = 80 * MIB;
/** Far below what they were to be sent, 960 MiB; with what the collector has not taken yet. */
const GROWTH_BOUND_BYTES = 400 * MIB;
/** Leaving has a deadline for every part; with what a busy machine adds. */
const LEAVE_MS = 5000;
/** The same, where every part waits for its deadline. */
const LEAVE_ALONE_MS = 20_000;

const residentBytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

describe('clients that take nothing', () => {
  let daemon: DaemonProcess | undefined;
  afterEach(() => daemon?.dispose());

  it('cost bounded memory while a program floods, and do not hold it up', async () => {
    daemon = new DaemonProcess();
    await daemon.start();
    await daemon.session('flood', [
      'sh',
      '-c',
      'stty -echo; echo READY; read go; exec yes "a flood of output"',
    ]);
    await untilText(daemon, 'flood', 'READY');
    const paused: ProtocolClient[] = [];
    for (let i = 0; i < PAUSED_CLIENTS; i += 1) {
      const client = await daemon.client();
      const attachment = await client.attach('flood', { role: 'viewer' });
      await attachment.until('it is painted', self => self.snapshots > 0);
      paused.push(client);
    }
    const reader = await (await daemon.client()).attach('flood', {});
    await reader.until('it is painted', self => self.snapshots > 0);
    for (const client of paused) client.freeze();
    const before = residentBytes(daemon.pid);
    reader.type('\n');
    await reader.until('the flood', self => self.received > FLOOD_BYTES, 90_000);
    expect(residentBytes(daemon.pid) - before).toBeLessThan(GROWTH_BOUND_BYTES);
    // Nothing is kept for them: they are shown the screen anew when they go on.
    const { clients } = await daemon.request('session.show', { target: 'flood' });
    expect(clients.filter(({ view }) => view === 'behind')).toHaveLength(PAUSED_CLIENTS);
  });

  it('do not keep a daemon from leaving on SIGTERM', async () => {
    daemon = new DaemonProcess();
    await daemon.start();
    await daemon.session('flood', ['sh', '-c', 'echo READY; exec yes']);
    await untilText(daemon, 'flood', 'y');
    const client = await daemon.client();
    const attachment = await client.attach('flood', {});
    await attachment.until('it flows', self => self.received > MIB);
    client.freeze();
    const { pid } = daemon;
    process.kill(pid, 'SIGTERM');
    await until(() => !isAlive(pid), 'the end of the daemon', LEAVE_MS);
  });

  it('do not keep it from leaving while Redis and the database hang too', async () => {
    await using fleet = await Fleet.start();
    const connected = await fleet.daemon('server-1');
    await connected.session('work', ['sh', '-c', 'echo READY; exec cat']);
    await untilText(connected, 'work', 'READY');
    const client = await connected.client();
    await client.attach('work', {});
    client.freeze();
    fleet.redis.signal('SIGSTOP');
    await fleet.postgres.signal('SIGSTOP');
    const { pid } = connected;
    process.kill(pid, 'SIGTERM');
    await until(() => !isAlive(pid), 'the end of the daemon', LEAVE_ALONE_MS);
    // Not because it had nothing left to wait for.
    expect(connected.log()).toContain('left; sessions go on in their hosts');
  });
});
