import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { newToken } from '@triterm/core/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DaemonProcess, descriptors } from '../support/daemon-process.ts';
import { Viewer } from '../support/echo.ts';

describe('a daemon that ends and comes back', () => {
  let daemon: DaemonProcess;
  beforeEach(async () => {
    daemon = new DaemonProcess();
    await daemon.start();
  });
  afterEach(() => daemon.dispose());

  const screen = async (target: string) => {
    const capture = await daemon.request('session.capture', { target, format: 'text', scrollbackLines: -1 });
    return [...capture.scrollback, ...capture.screen].filter(line => line !== '');
  };
  const waitForText = (target: string, pattern: string) =>
    daemon.request('session.wait', { target, condition: { kind: 'text', pattern }, timeoutMs: 15_000 });

  it('leaves no pty-host when it is told to end every session, though clients of the one before might come back', async () => {
    await daemon.session('work', ['cat']);
    const viewer = await Viewer.attach(await daemon.client(), 'work');
    await viewer.echoes('here');
    await daemon.end('SIGKILL');
    await daemon.start();
    expect(await daemon.state('work')).toMatchObject({ state: 'running' });
    await daemon.request('daemon.shutdown', { reason: 'stop', killSessions: true });
    await expect.poll(() => daemon.hostPids(), { timeout: 10_000 }).toEqual([]);
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)('by %s finds every session as it was', async signal => {
    const program = ['sh', '-c', 'seq 1 100; printf "\\033[31mred\\033[0m \\033]0;a title\\007"; exec cat'];
    const before = await daemon.session('work', program, {
      labels: { team: 'web' },
      size: { cols: 90, rows: 20 },
    });
    await waitForText('work', 'red');
    const lines = await screen('work');
    await daemon.end(signal);
    await daemon.start();
    await expect
      .poll(() => daemon.state('work'), { timeout: 10_000 })
      .toMatchObject({
        id: before.id,
        state: 'running',
        pid: before.pid,
        title: 'a title',
        cols: 90,
        rows: 20,
        labels: { team: 'web' },
      });
    expect(await screen('work')).toEqual(lines);
    await daemon.request('session.send', {
      target: 'work',
      data: Buffer.from('again\n').toString('base64'),
      idempotencyKey: newToken(),
    });
    await waitForText('work', 'again');
  });

  it('tells what was lost with a pty-host, keeps its last screen, and makes it anew below a marker', async () => {
    await daemon.session('work', ['sh', '-c', 'seq 1 100; echo LAST WORDS; exec cat'], {
      labels: { a: 'b' },
    });
    await waitForText('work', 'LAST WORDS');
    await daemon.end('SIGTERM');
    for (const pid of daemon.hostPids()) process.kill(pid, 'SIGKILL');
    await daemon.start();
    expect(await daemon.state('work')).toMatchObject({ state: 'lost', pid: null, labels: { a: 'b' } });
    expect((await screen('work')).at(-1)).toBe('LAST WORDS');
    const client = await daemon.client();
    await expect(client.attach('work', {})).rejects.toMatchObject({ code: 'SESSION_LOST' });

    await daemon.request('session.recreate', {
      target: 'work',
      environment: { PATH: process.env['PATH'] ?? '' },
      idempotencyKey: newToken(),
    });
    expect(await daemon.state('work')).toMatchObject({ state: 'running', labels: { a: 'b' } });
    await waitForText('work', 'LAST WORDS');
    await expect
      .poll(async () => (await screen('work')).filter(line => /LAST WORDS|recreated/.test(line)), {
        timeout: 10_000,
      })
      .toEqual([
        'LAST WORDS',
        expect.stringMatching(/^── recreated \d{4}-\d\d-\d\dT[\d:]+Z; what ran above is gone ──$/),
        'LAST WORDS',
      ]);
  });

  it('tells its clients and events at once when a pty-host dies', async () => {
    await daemon.session('work', ['cat']);
    const attachment = await (await daemon.client()).attach('work', {});
    await attachment.until('it is painted', self => self.snapshots > 0);
    for (const pid of daemon.hostPids()) process.kill(pid, 'SIGKILL');
    await attachment.until('it is told', self => self.detached !== undefined);
    expect(attachment.detached).toMatchObject({ reason: 'lost' });
    expect(await daemon.state('work')).toMatchObject({ state: 'lost' });
    await daemon.session('next', ['cat']);
    expect(await daemon.state('next')).toMatchObject({ state: 'running' });
  });

  it('serves without a pty-host that is stopped, and has its sessions again when it goes on', async () => {
    await daemon.session('work', ['sh', '-c', 'echo here; exec cat']);
    await waitForText('work', 'here');
    const hosts = daemon.hostPids();
    await daemon.end('SIGKILL');
    for (const host of hosts) process.kill(host, 'SIGSTOP');
    await daemon.start();
    expect(await daemon.state('work')).toMatchObject({ state: 'running' });
    const client = await daemon.client();
    await expect(client.attach('work', {})).rejects.toMatchObject({ code: 'PTY_HOST_UNAVAILABLE' });
    await daemon.session('other', ['cat']);
    for (const host of hosts) process.kill(host, 'SIGCONT');
    await expect
      .poll(async () => (await screen('work').catch(() => []))[0], { timeout: 20_000 })
      .toBe('here');
    const attachment = await (await daemon.client()).attach('work', {});
    attachment.type('again\n');
    await attachment.until('its echo', self => self.received > 0);
    expect((await daemon.request('session.list', {})).sessions).toHaveLength(2);
  });

  it('leaves shells no descriptor of another session or of the daemon', async () => {
    const sessions = await Promise.all(['a', 'b', 'c'].map(name => daemon.session(name, ['cat'])));
    await daemon.end('SIGKILL');
    await daemon.start();
    sessions.push(await daemon.session('d', ['cat']));
    for (const { pid } of sessions) {
      // Between fork(2) and execve(2) the child still has them.
      const open = () => descriptors(pid ?? 0).map(target => target.replace(/\d+$/, 'N'));
      await expect.poll(open).toEqual(['/dev/pts/N', '/dev/pts/N', '/dev/pts/N']);
      expect(new Set(descriptors(pid ?? 0)).size).toBe(1);
    }
  });

  it('keeps everything that it makes to the user', async () => {
    await daemon.session('work', ['sh', '-c', 'seq 1 1000; cat']);
    await waitForText('work', '^1000$');
    await daemon.end('SIGTERM');
    await daemon.start();
    const open = (dir: string): string[] =>
      readdirSync(dir, { withFileTypes: true }).flatMap(entry => {
        const path = join(dir, entry.name);
        const mode = statSync(path).mode & 0o777;
        const inside = entry.isDirectory() ? open(path) : [];
        return (mode & 0o077) === 0 ? inside : [`${path} ${mode.toString(8)}`, ...inside];
      });
    expect(open(daemon.stateDir)).toEqual([]);
    expect(statSync(daemon.paths.socket).mode & 0o777).toBe(0o600);
    expect(statSync(daemon.paths.runDir).mode & 0o777).toBe(0o700);
  });

  it('puts no secret of the environment into its log', async () => {
    await daemon.session('work', ['cat'], {
      environment: { PATH: process.env['PATH'] ?? '', MY_TOKEN: 'hunter2-secret' },
    });
    await daemon
      .session('bad', ['/nowhere'], { environment: { MY_TOKEN: 'hunter2-secret' } })
      .catch(() => {});
    await daemon.end('SIGTERM');
    expect(readFileSync(daemon.paths.logFile, 'utf8')).not.toContain('hunter2');
  });
});
