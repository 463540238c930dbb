import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DaemonProcess } from '../support/daemon-process.ts';
import { Viewer } from '../support/echo.ts';
import { until } from '../support/triterm.ts';

describe('a daemon that reads its configuration again', () => {
  let daemon: DaemonProcess;
  beforeEach(() => {
    daemon = new DaemonProcess();
  });
  afterEach(() => daemon.dispose());

  function configure(settings: object | string): void {
    const text = typeof settings === 'string' ? settings : JSON.stringify(settings);
    writeFileSync(daemon.paths.configFile, text);
  }

  it('takes up what it can, tells what needs a restart, and keeps sessions and clients', async () => {
    configure({ maxSessions: 50, exitedRetentionMs: 3_600_000 });
    await daemon.start();
    await daemon.session('work', ['cat']);
    const viewer = await Viewer.attach(await daemon.client(), 'work');
    await viewer.echoes('before');

    configure({ maxSessions: 1, logLevel: 'debug', redisHost: 'redis.invalid' });
    expect(await daemon.request('daemon.reload', {})).toEqual({
      applied: [
        { setting: 'logLevel', from: 'info', to: 'debug' },
        { setting: 'maxSessions', from: 50, to: 1 },
      ],
      restart: ['redisHost'],
    });
    expect(await daemon.request('daemon.log', {})).toEqual({ level: 'debug', configured: 'debug' });
    await expect(daemon.session('more', ['cat'])).rejects.toMatchObject({ code: 'TOO_MANY_SESSIONS' });
    await viewer.echoes('after');
    expect(viewer.attachment.detached).toBeUndefined();
    expect(daemon.log()).toContain('restart to take up: redisHost; `triterm daemon restart` keeps every');
  });

  it('changes nothing for a configuration that is not valid, and says where and what is wrong', async () => {
    configure({ maxSessions: 1 });
    await daemon.start();
    configure({ maxSessions: 5, logLevel: 'loud' });
    await expect(daemon.request('daemon.reload', {})).rejects.toMatchObject({
      code: 'BAD_CONFIG',
      details: { source: daemon.paths.configFile, setting: 'logLevel' },
    });
    configure({ maxSessions: 5, redisHost: 'a', redisUrl: 'redis://:hunter2@b' });
    await expect(daemon.request('daemon.reload', {})).rejects.toMatchObject({ code: 'BAD_CONFIG' });
    configure('{"maxSessions": 5, "redisPassword": "hunter2');
    await expect(daemon.request('daemon.reload', {})).rejects.toMatchObject({ code: 'BAD_CONFIG' });
    await daemon.session('first', ['cat']);
    await expect(daemon.session('second', ['cat'])).rejects.toMatchObject({ code: 'TOO_MANY_SESSIONS' });
    expect(daemon.log()).toContain('nothing has changed');
    expect(daemon.log()).not.toContain('hunter2');
  });

  it('by SIGHUP arms the limits on time anew: idle clients go, and ended sessions', async () => {
    await daemon.start();
    await daemon.session('work', ['cat']);
    await daemon.session('over', ['true']);
    await daemon.exited('over');
    const idle = await (await daemon.client()).attach('work', {});
    configure({ idleClientMs: 100, exitedRetentionMs: 0 });
    process.kill(daemon.pid, 'SIGHUP');
    await idle.until('the idle client is let go', () => idle.detached !== undefined);
    const names = async () => (await daemon.request('session.list', {})).sessions.map(({ name }) => name);
    await until(async () => (await names()).join() === 'work', 'the ended session is gone');
  });

  it('ends what was set for a while', async () => {
    await daemon.start();
    expect(await daemon.request('daemon.log', { level: 'trace' })).toEqual({
      level: 'trace',
      configured: 'info',
    });
    expect(await daemon.request('daemon.reload', {})).toEqual({ applied: [], restart: [] });
    expect(await daemon.request('daemon.log', {})).toEqual({ level: 'info', configured: 'info' });
  });
});
