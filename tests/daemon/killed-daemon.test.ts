import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DaemonProcess } from '../support/daemon-process.ts';
import type { ProtocolAttachment } from '../support/protocol-client.ts';
import { DigestAfter, sequenceDigest } from '../support/sequence.ts';

/** Some 200 MB. */
const LAST = 22_500_000;
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
      for (const at of [15 * MB, 80 * MB, 150 * MB]) {
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
