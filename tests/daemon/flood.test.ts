import type { ProtocolAttachment } from '@triterm/core/sandbox/protocol-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DaemonProcess } from '../support/daemon-process.ts';
import { daemonMemory } from '../support/memory.ts';
import { DigestAfter, sequenceDigest } from '../support/sequence.ts';
import { Terminal } from '../support/terminal.ts';

const CLIENTS = 16;
/** Some 24 MB. */
const LAST = 3_000_000;
const MIB = 1024 * 1024;
/** What the daemon may hold at most, all told, while clients are stuck in a flood. */
const MEMORY_BOUND_BYTES = 500 * MIB;

describe('a flood', () => {
  let daemon: DaemonProcess;
  beforeEach(async () => {
    daemon = new DaemonProcess();
    await daemon.start();
  });
  afterEach(() => daemon.dispose());

  const ready = (target: string, pattern = 'READY') =>
    daemon.request('session.wait', { target, condition: { kind: 'text', pattern }, timeoutMs: 20_000 });

  it('is held up by no stopped or slow client, and those are exact when they go on', async () => {
    await daemon.session('flood', [
      'sh',
      '-c',
      `stty -echo; echo READY; read go; printf '<'; seq 1 ${LAST}; printf 'THE\\040END'; sleep 1000`,
    ]);
    await daemon.session('quiet', ['sh', '-c', 'echo READY; cat']);
    await Promise.all([ready('flood'), ready('quiet')]);

    // The controller attaches last: it paces. The first is stopped, the second takes 100 KB/s.
    const stopped = await daemon.client();
    const terminals = Array.from({ length: CLIENTS }, () => new Terminal({ cols: 80, rows: 24 }));
    const attach = async (index: number, client = daemon.client()): Promise<ProtocolAttachment> =>
      (await client).attach('flood', {
        role: index === CLIENTS - 1 ? 'controller' : 'viewer',
        historyLines: 200,
        acknowledges: index !== 1,
        onBytes: bytes => terminals[index]?.write(bytes),
      });
    const frozen = await attach(0, Promise.resolve(stopped));
    const slow = await attach(1);
    const slowly = setInterval(() => slow.acknowledge(), 100);
    const seen = new DigestAfter('<');
    const others = await Promise.all(Array.from({ length: CLIENTS - 3 }, (_, index) => attach(index + 2)));
    const controller = await (await daemon.client()).attach('flood', {
      onBytes: (bytes, kind) => {
        terminals[CLIENTS - 1]?.write(bytes);
        if (kind === 'output') seen.push(bytes);
      },
    });
    for (const each of [...others, controller]) await each.until('it is painted', self => self.snapshots > 0);
    stopped.freeze();
    controller.type('\n');
    await controller.until('the flood flows', () => seen.bytes > 2 * MIB);

    // Another session answers meanwhile.
    const quiet = await (await daemon.client()).attach('quiet', {});
    quiet.type('hello\n');
    await quiet.until('its echo', self => self.received > 0);

    const expected = sequenceDigest(LAST);
    await controller.until('the whole flood', () => seen.bytes >= expected.bytes + 'THE END'.length, 60_000);
    expect(controller.snapshots).toBe(1);
    expect(daemonMemory(daemon.pid)).toBeLessThan(MEMORY_BOUND_BYTES);
    stopped.thaw();
    const end = async (index: number) => (await terminals[index]?.text())?.at(-1);
    for (const [index] of terminals.entries()) {
      await expect.poll(() => end(index), { timeout: 60_000 }).toBe('THE END');
      expect(await terminals[index]?.text()).toEqual(await terminals[CLIENTS - 1]?.text());
    }
    clearInterval(slowly);
    // Those that were left behind were given the lines before the screen too, as far as their history goes.
    for (const index of [0, 1]) {
      const lines = await terminals[index]?.allText();
      expect(lines?.slice(-200, -1)).toEqual(Array.from({ length: 199 }, (_, n) => String(LAST - 198 + n)));
    }
    expect(frozen.snapshots).toBeGreaterThan(1);
  }, 240_000);

  it('of large answers that nobody reads is held in bounded memory, and others get theirs', async () => {
    const line = `seq -f '%0100.0f' 1 20000; printf THE_END; sleep 1000`;
    await daemon.session('long', ['sh', '-c', line]);
    await ready('long', 'THE_END');
    const asked = { target: 'long', format: 'text', scrollbackLines: -1 } as const;
    const before = daemonMemory(daemon.pid);
    const greedy = await Promise.all(Array.from({ length: 4 }, () => daemon.client()));
    for (const client of greedy) client.freeze();
    const answers = greedy.flatMap(client =>
      Array.from({ length: 60 }, () => client.request('session.capture', asked).catch(() => {})),
    );
    // They get their turn when those that read nothing have waited in vain.
    const polite = await daemon.client();
    const answer = polite.request('session.capture', asked).catch(({ code }: { code: string }) => code);
    expect(await answer).toBe('TOO_MANY_WAITING');
    expect(daemonMemory(daemon.pid) - before).toBeLessThan(200 * MIB);
    await polite.request('session.show', { target: 'long' });
    for (const client of greedy) client.thaw();
    await Promise.all(answers);
    expect((await polite.request('session.capture', asked)).scrollback.length).toBeGreaterThan(9000);
  }, 60_000);

  it('ends at once when Ctrl-C is typed', async () => {
    await daemon.session('yes', ['sh', '-c', 'echo READY; read go; yes; echo STOPPED; sleep 1000']);
    await ready('yes');
    const attachment = await (await daemon.client()).attach('yes', {});
    await attachment.until('it is painted', self => self.snapshots > 0);
    attachment.type('\n');
    await attachment.until('it flows', self => self.received > 4 * MIB);
    const before = attachment.received;
    attachment.type('\u0003');
    await daemon.exited('yes', 20_000);
    await attachment.until('the end', self => self.exit !== undefined);
    expect(attachment.exit).toMatchObject({ signal: 'SIGINT' });
    expect(attachment.received - before).toBeLessThan(60 * MIB);
  }, 60_000);

  it('without anybody attached is held in bounded memory, and its screen is exact', async () => {
    await daemon.session('alone', ['sh', '-c', `seq 1 ${LAST}; printf THE_END; sleep 1000`]);
    await ready('alone', 'THE_END');
    expect(daemonMemory(daemon.pid)).toBeLessThan(MEMORY_BOUND_BYTES);
    for (const pid of daemon.hostPids()) expect(daemonMemory(pid)).toBeLessThan(MEMORY_BOUND_BYTES);
    const { screen } = await daemon.request('session.capture', { target: 'alone', format: 'text' });
    expect(screen.at(-1)).toBe('THE_END');
    expect(screen[0]).toBe(String(LAST - 22));
    const { matches } = await daemon.request('session.search', {
      target: 'alone',
      pattern: `^${LAST - 9000}$`,
    });
    expect(matches).toHaveLength(1);
  }, 60_000);
});
