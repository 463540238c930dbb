import type { AttachOptions, ProtocolAttachment } from '@triterm/core/sandbox/protocol-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DaemonProcess } from '../support/daemon-process.ts';
import { Terminal } from '../support/terminal.ts';

/** Tells each new size that it was given, and the first. */
const WATCHER = [
  process.execPath,
  '-e',
  'const tell = () => console.log(`size ${process.stdout.rows} ${process.stdout.columns}`);' +
    'process.stdout.on("resize", tell); tell(); process.stdin.resume();',
];

describe('the size of a session', () => {
  let daemon: DaemonProcess;
  beforeEach(async () => {
    daemon = new DaemonProcess();
    await daemon.start();
  });
  afterEach(() => daemon.dispose());

  const attach = async (target: string, options: AttachOptions): Promise<ProtocolAttachment> =>
    (await daemon.client()).attach(target, options);
  const has = (cols: number, rows: number) => async () => {
    await expect.poll(() => daemon.state('watch'), { timeout: 10_000 }).toMatchObject({ cols, rows });
    await expect.poll(lastSize, { timeout: 10_000 }).toBe(`size ${rows} ${cols}`);
  };
  const screen = async () =>
    await daemon.request('session.capture', { target: 'watch', format: 'text', scrollbackLines: -1 });
  const allSizes = async () => {
    const { scrollback, screen: rows } = await screen();
    return [...scrollback, ...rows].map(line => line.trim()).filter(line => line.startsWith('size '));
  };
  const lastSize = async () => (await allSizes()).at(-1);

  it('is that of the controller that was active last', async () => {
    await daemon.session('watch', WATCHER);
    const small = await attach('watch', { window: { cols: 90, rows: 20 } });
    await has(90, 20)();
    const large = await attach('watch', { window: { cols: 150, rows: 40 } });
    await has(150, 40)();
    small.type(' ');
    await has(90, 20)();
    large.type(' ');
    await has(150, 40)();
    large.resize({ cols: 151, rows: 41 });
    await has(151, 41)();
  });

  it('is never changed by a viewer', async () => {
    await daemon.session('watch', WATCHER);
    await attach('watch', { window: { cols: 100, rows: 30 } });
    await has(100, 30)();
    const before = await allSizes();
    const viewer = await attach('watch', { window: { cols: 40, rows: 10 }, role: 'viewer' });
    await viewer.until('it is painted', self => self.snapshots > 0);
    viewer.resize({ cols: 30, rows: 9 });
    viewer.type(' ');
    await viewer.until('it is painted anew', self => self.snapshots > 1);
    await has(100, 30)();
    expect(await allSizes()).toEqual(before);
  });

  it.each([
    ['smallest', 90, 20],
    ['largest', 150, 40],
  ] as const)('follows the policy %s', async (sizePolicy, cols, rows) => {
    await daemon.session('watch', WATCHER, { sizePolicy });
    await attach('watch', { window: { cols: 90, rows: 40 } });
    await attach('watch', { window: { cols: 150, rows: 20 } });
    await has(cols, rows)();
  });

  it('stays as it was set under the policy manual', async () => {
    await daemon.session('watch', WATCHER, { sizePolicy: 'manual', size: { cols: 77, rows: 11 } });
    await attach('watch', { window: { cols: 90, rows: 40 } });
    await has(77, 11)();
    await daemon.request('session.resize', { target: 'watch', size: { cols: 66, rows: 12 } });
    await has(66, 12)();
  });

  it('reaches the program once for a burst of changes, and the last one wins everywhere', async () => {
    await daemon.session('watch', WATCHER);
    const attachment = await attach('watch', { window: { cols: 100, rows: 30 } });
    await has(100, 30)();
    const before = (await allSizes()).length;
    for (let cols = 101; cols <= 200; cols += 1) attachment.resize({ cols, rows: 30 });
    await has(200, 30)();
    expect((await allSizes()).length - before).toBeLessThan(50);
    await daemon.end('SIGKILL');
    await daemon.start();
    await has(200, 30)();
    expect(await screen()).toMatchObject({ session: { cols: 200, rows: 30 } });
  });

  it('leaves every client with what it can show of the screen, whatever its window', async () => {
    const size = { cols: 120, rows: 30 };
    await daemon.session('watch', ['sh', '-c', 'printf "one\\r\\ntwo\\r\\n%0100d" 7; exec cat'], { size });
    const wide = new Terminal(size);
    const narrow = new Terminal({ cols: 20, rows: 5 });
    await attach('watch', { window: size, onBytes: bytes => wide.write(bytes) });
    const viewer = await attach('watch', {
      window: { cols: 20, rows: 5 },
      role: 'viewer',
      onBytes: bytes => narrow.write(bytes),
    });
    await viewer.until('it is painted', self => self.snapshots > 0);
    const line = `${'0'.repeat(99)}7`;
    await expect.poll(() => wide.text(), { timeout: 5000 }).toEqual(['one', 'two', line]);
    // The window follows the cursor, which stands behind the long line.
    await expect.poll(async () => (await narrow.text())[2], { timeout: 5000 }).toBe('00000000000007');
  });
});
