/**
 * Keystrokes were typed twice while Redis stalled: they were written to the PTY, then Redis was awaited, then both were retried.
 * It took 40 s until the health check saw it, and then the server stayed without Redis for ever.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { Fleet, untilMode, untilText } from '../support/fleet.ts';

/** A stall is noticed after two commands that got no answer, 50 ms each; a busy machine takes its time. */
const NOTICED_MS = 3000;

describe('while Redis stalls', () => {
  let fleet: Fleet;
  let daemon: DaemonProcess;
  beforeEach(async () => {
    fleet = await Fleet.start();
    daemon = await fleet.daemon('server-1');
  });
  afterEach(() => fleet[Symbol.asyncDispose]());

  it('every key of an attached client is typed once, and none waits for Redis', async () => {
    // The program takes keys as they come, and writes what it got.
    await daemon.session('work', ['sh', '-c', 'stty -icanon -echo; echo READY; exec cat']);
    await untilText(daemon, 'work', 'READY');
    let seen = '';
    const client = await daemon.client();
    const attachment = await client.attach('work', {
      onBytes: (bytes, kind) => {
        if (kind === 'output') seen += bytes.toString('latin1');
      },
    });
    await attachment.until('it is painted', self => self.snapshots > 0);
    const letters = Array.from({ length: 200 }, (_, i) => String.fromCharCode(97 + (i % 26)));
    for (const [typed, letter] of letters.entries()) {
      if (typed === 50) fleet.redis.signal('SIGSTOP');
      if (typed === 150) fleet.redis.signal('SIGCONT');
      attachment.type(letter);
      const longestMs = 2000;
      await attachment.until(`key ${typed} comes back`, () => seen.length > typed, longestMs);
    }
    await untilMode(daemon, 'hybrid');
    attachment.type('.');
    await attachment.until('the last key', () => seen.includes('.'));
    expect(seen).toBe(`${letters.join('')}.`);
  });

  it('it is noticed at once, and Redis is used again as soon as it answers, every time', async () => {
    for (let stalls = 0; stalls < 2; stalls += 1) {
      fleet.redis.signal('SIGSTOP');
      await untilMode(daemon, 'in-memory', NOTICED_MS);
      fleet.redis.signal('SIGCONT');
      await untilMode(daemon, 'hybrid', NOTICED_MS);
    }
  });

  it('a command whose lock Redis does not give is stored all the same', async () => {
    const { id } = await daemon.session('work', ['cat']);
    fleet.redis.signal('SIGSTOP');
    await daemon.request('session.resize', { target: 'work', size: { cols: 101, rows: 31 } });
    expect((await fleet.row(id)).doc).toMatchObject({ cols: 101, rows: 31 });
  });

  it('a command whose lock another one holds fails and says so, and is not taken for done', async () => {
    const { id } = await daemon.session('work', ['cat']);
    const lock = `triterm:lock:session:${id}`;
    await fleet.redis.cli('SET', lock, '{"token":"other","server":"other","acquiredAt":1}', 'PX', '60000');
    const resize = daemon.request('session.resize', { target: 'work', size: { cols: 101, rows: 31 } });
    await expect(resize).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' });
    expect((await fleet.row(id)).doc).toMatchObject({ cols: 80, rows: 24 });
    expect(await fleet.redis.cli('GET', lock)).toContain('"token":"other"');
  });
});
