import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DAEMON, DaemonProcess } from '../support/daemon-process.ts';
import { OtherRelease } from '../support/other-release.ts';

describe.skipIf(process.env.TRITERM_TEST_SOURCE === '1')('an upgrade', () => {
  let older: OtherRelease;
  let daemon: DaemonProcess;
  beforeAll(() => {
    older = new OtherRelease('0.0.9');
  });
  afterAll(() => older.dispose());
  beforeEach(async () => {
    daemon = new DaemonProcess();
    await daemon.start([older.daemon]);
  });
  afterEach(() => daemon.dispose());

  const status = () => daemon.request('daemon.status', {});
  const hosts = async () => (await status()).ptyHosts.map(({ version, sessions }) => ({ version, sessions }));

  it('keeps the sessions of the older host, starts new ones on a newer beside it, and lets the old one leave', async () => {
    await daemon.session('old', ['sh', '-c', 'echo from before; read line; echo "got $line"']);
    await daemon.request('session.wait', {
      target: 'old',
      condition: { kind: 'text', pattern: 'from before' },
      timeoutMs: 10_000,
    });
    const attachment = await (await daemon.client()).attach('old', {});
    await attachment.until('it is painted', self => self.snapshots === 1);
    expect((await status()).version).toBe('0.0.9');

    await daemon.end('SIGTERM');
    await daemon.start(DAEMON);
    await (await daemon.client()).attach('old', {}, attachment);
    expect(attachment.resumed).toBe(true);
    expect((await status()).version).not.toBe('0.0.9');
    await daemon.session('new', ['cat']);
    const { version } = await status();
    expect(await hosts()).toEqual(
      expect.arrayContaining([
        { version: '0.0.9', sessions: 1 },
        { version, sessions: 1 },
      ]),
    );

    attachment.type('a line\n');
    await attachment.until('its end', self => self.exit !== undefined);
    await expect.poll(hosts, { timeout: 10_000 }).toEqual([{ version, sessions: 1 }]);
    await expect.poll(() => daemon.hostPids().length, { timeout: 10_000 }).toBe(1);
    const { screen } = await daemon.request('session.capture', { target: 'old', format: 'text' });
    expect(screen).toContain('got a line');
  });

  it('goes back as well: an older daemon takes over from a newer one', async () => {
    await daemon.end('SIGTERM');
    await daemon.start(DAEMON);
    const { pid } = await daemon.session('work', ['cat']);
    await daemon.end('SIGKILL');
    await daemon.start([older.daemon]);
    expect(await daemon.state('work')).toMatchObject({ state: 'running', pid });
  });

  it('leaves older clients working with the newer daemon', async () => {
    await daemon.end('SIGTERM');
    await daemon.start(DAEMON);
    await daemon.session('work', ['cat']);
    const listed = execFileSync(process.execPath, [older.client, 'ls', '--json'], {
      env: daemon.env,
      encoding: 'utf8',
    });
    expect(JSON.parse(listed)).toMatchObject([{ name: 'work', state: 'running' }]);
  });
});
