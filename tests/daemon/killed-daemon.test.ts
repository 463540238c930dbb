import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProtocolAttachment } from '@triterm/core/sandbox/protocol-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DaemonProcess } from '../support/daemon-process.ts';
import { DigestAfter, sequenceDigest } from '../support/sequence.ts';
import { isAlive, until } from '../support/triterm.ts';

/** Some 110 MB. */
const LAST = 12_500_000;
const MB = 1_000_000;

describe('a session whose daemon is killed with -9', () => {
  let daemon: DaemonProcess;
  beforeEach(async () => {
    daemon = new DaemonProcess();
    await daemon.start();
  });
  afterEach(() => daemon.dispose());

  /** Attaches again, as clients do, when the daemon is back. */
  const comeBack = async (target: string, attachment: ProtocolAttachment): Promise<void> => {
    const client = await daemon.client();
    await client.attach(target, {}, attachment);
  };

  describe.each([
    ['a lossless client', true],
    ['a lone client that reads', false],
  ])('and %s', (_what, lossless) => {
    it('loses no byte of a flood and gets none twice, however often the daemon dies in it', async () => {
      const expected = sequenceDigest(LAST);
      await daemon.session('flood', [
        'sh',
        '-c',
        `stty -echo; echo READY; read go; printf '<'; seq 1 ${LAST}`,
      ]);
      const seen = new DigestAfter('<');
      const attachment = await (await daemon.client()).attach('flood', {
        lossless,
        onBytes: (bytes, kind) => (kind === 'output' ? seen.push(bytes) : undefined),
      });
      await attachment.until('the program is ready', () => attachment.snapshots === 1);
      await daemon.request('session.wait', {
        target: 'flood',
        condition: { kind: 'text', pattern: 'READY' },
        timeoutMs: 10_000,
      });
      attachment.type('\n');
      for (const at of [10 * MB, 45 * MB, 85 * MB]) {
        await attachment.until(`${at} bytes have come`, () => seen.bytes >= at);
        await daemon.end('SIGKILL');
        await daemon.start();
        await comeBack('flood', attachment);
        expect(attachment.resumed).toBe(true);
      }
      await attachment.until('the end', self => self.exit !== undefined, 120_000);
      expect(attachment.snapshots).toBe(1);
      expect(attachment.exit).toEqual({ exitCode: 0, signal: null });
      expect(seen.bytes).toBe(expected.bytes);
      expect(seen.digest()).toBe(expected.digest);
    }, 180_000);
  });

  it('whose program ends meanwhile gives who comes back every byte that was missed, and its status', async () => {
    const expected = sequenceDigest(20_000);
    const go = join(daemon.stateDir, 'go');
    const { pid } = await daemon.session('ending', [
      'sh',
      '-c',
      `echo READY; while [ ! -e ${go} ]; do sleep 0.02; done; printf '<'; seq 1 20000; exit 3`,
    ]);
    const seen = new DigestAfter('<');
    const client = await daemon.client();
    const attachment = await client.attach('ending', {
      lossless: true,
      onBytes: (bytes, kind) => (kind === 'output' ? seen.push(bytes) : undefined),
    });
    await attachment.until('the screen', () => attachment.snapshots === 1);
    // What the host is told of this client is under way by the first answer, and there by the second.
    for (let times = 0; times < 2; times += 1) await client.request('session.show', { target: 'ending' });
    await daemon.end('SIGKILL');
    writeFileSync(go, '');
    await until(() => !isAlive(pid ?? 0), 'the end of the program');
    await daemon.start();
    expect(await daemon.exited('ending')).toMatchObject({ exitCode: 3 });
    const held = async () => (await daemon.request('daemon.status', {})).ptyHosts[0]?.sessions;
    // Long enough for the daemon to let go of what has ended.
    await expect(until(async () => (await held()) === 0, 'forgotten', 1000)).rejects.toThrow('not in time');
    await comeBack('ending', attachment);
    await attachment.until('the end', self => self.exit !== undefined);
    expect(attachment.exit).toEqual({ exitCode: 3, signal: null });
    expect([seen.bytes, seen.digest()]).toEqual([expected.bytes, expected.digest]);
  });

  it('gets every key once, in order, though the daemon dies while they are typed', async () => {
    const lines = 400;
    await daemon.session('keys', [
      'sh',
      '-c',
      `stty -echo; echo READY; head -n ${lines} | cksum; sleep 1000`,
    ]);
    const attachment = await (await daemon.client()).attach('keys', {});
    await daemon.request('session.wait', {
      target: 'keys',
      condition: { kind: 'text', pattern: 'READY' },
      timeoutMs: 10_000,
    });
    for (let line = 0; line < lines; line += 1) {
      attachment.type(`line ${line}\n`);
      if (line % 100 !== 50) continue;
      await daemon.end('SIGKILL');
      attachment.type('');
      await daemon.start();
      await comeBack('keys', attachment);
      expect(attachment.resumed).toBe(true);
    }
    await attachment.until('all keys are taken', self => self.unappliedBytes === 0);
    const { matched } = await daemon.request('session.wait', {
      target: 'keys',
      condition: { kind: 'text', pattern: '\\d{5,} \\d{3,}' },
      timeoutMs: 20_000,
    });
    const typed = Array.from({ length: lines }, (_, line) => `line ${line}\n`).join('');
    expect(matched).toBe(`${cksum(Buffer.from(typed))} ${typed.length}`);
  }, 60_000);
});

/** The checksum of cksum(1), POSIX. */
function cksum(bytes: Buffer): number {
  let crc = 0;
  const push = (byte: number) => {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  };
  for (const byte of bytes) push(byte);
  for (let length = bytes.length; length > 0; length = Math.floor(length / 256)) push(length & 0xff);
  return ~crc >>> 0;
}
