import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DaemonProcess } from '../support/daemon-process.ts';

/** Programs that end right after a burst; `TRITERM_TEST_ENDS` makes it another number. */
const ENDS = Number(process.env['TRITERM_TEST_ENDS'] ?? 60);
const BURST_BYTES = 200_000;

describe('the end of a program', () => {
  let daemon: DaemonProcess;
  beforeEach(async () => {
    daemon = new DaemonProcess({ TRITERM_MAX_SESSIONS: '2000' });
    await daemon.start();
  });
  afterEach(() => daemon.dispose());

  it(`loses nothing of what it wrote last, ${ENDS} times`, async () => {
    const client = await daemon.client();
    for (let round = 0; round < ENDS; round += 1) {
      const name = `burst-${round}`;
      const status = round % 200;
      await daemon.session(name, [
        'sh',
        '-c',
        `read go; printf '%${BURST_BYTES}s' '' | tr ' ' x; exit ${status}`,
      ]);
      let bytes = 0;
      const attachment = await client.attach(name, {
        onBytes: (chunk, kind) => {
          if (kind === 'output') bytes += chunk.filter(byte => byte === 0x78).length;
        },
      });
      await attachment.until('it is painted', self => self.snapshots === 1);
      attachment.type('\n');
      await attachment.until(`the end of ${name}`, self => self.exit !== undefined);
      expect([bytes, attachment.exit]).toEqual([BURST_BYTES, { exitCode: status, signal: null }]);
    }
  }, 600_000);

  it('is told with the signal that caused it', async () => {
    await daemon.session('victim', ['sh', '-c', 'kill -SEGV $$']);
    expect(await daemon.exited('victim')).toMatchObject({
      state: 'exited',
      exitCode: null,
      signal: 'SIGSEGV',
    });
  });

  it('is final though a child goes on writing, and what that writes is added', async () => {
    const sign = join(daemon.stateDir, 'go-on');
    const child = `(until [ -e ${sign} ]; do sleep 0.02; done; echo late words)`;
    await daemon.session('parent', ['sh', '-c', `trap '' HUP; ${child} & exit 7`]);
    expect(await daemon.exited('parent')).toMatchObject({ state: 'exited', exitCode: 7 });
    writeFileSync(sign, '');
    const firstRow = async () =>
      (await daemon.request('session.capture', { target: 'parent', format: 'text' })).screen[0];
    await expect.poll(firstRow, { timeout: 10_000 }).toBe('late words');
    expect(await daemon.state('parent')).toMatchObject({ state: 'exited', exitCode: 7 });
  });

  it('leaves a screen that can be captured, also after the daemon was started again', async () => {
    await daemon.session('words', ['sh', '-c', 'echo last words']);
    await daemon.exited('words');
    const capture = async () =>
      (await daemon.request('session.capture', { target: 'words', format: 'text' })).screen[0];
    expect(await capture()).toBe('last words');
    await daemon.end('SIGTERM');
    await daemon.start();
    expect(await capture()).toBe('last words');
    await daemon.end('SIGKILL');
    await daemon.start();
    expect(await capture()).toBe('last words');
    expect(await daemon.state('words')).toMatchObject({ state: 'exited', exitCode: 0 });
  });
});
