import { describe, expect, it } from 'vitest';
import { DaemonProcess } from '../support/daemon-process.ts';

/** Long enough for a session to be made and attached to, short enough to wait for. */
const IDLE_MS = '1500';

describe('a daemon with a limit', () => {
  it('on idle clients lets those go that type nothing, keeps viewers, and goes on', async () => {
    const daemon = new DaemonProcess({ TRITERM_IDLE_CLIENT_MS: IDLE_MS });
    try {
      await daemon.start();
      await daemon.session('work', ['cat']);
      const [typing, looking] = [await daemon.client(), await daemon.client()];
      const controller = await typing.attach('work', {});
      const viewer = await looking.attach('work', { role: 'viewer' });
      await controller.until('the idle client is let go', () => controller.detached !== undefined);
      expect(controller.detached).toMatchObject({
        reason: 'requested',
        message: expect.stringContaining('idleClientMs'),
      });
      expect(viewer.detached).toBeUndefined();
      expect(await daemon.state('work')).toMatchObject({ state: 'running', clients: 1 });
    } finally {
      await daemon.dispose();
    }
  });

  it('on idle sessions ends those that nobody uses', async () => {
    const daemon = new DaemonProcess({ TRITERM_IDLE_SESSION_MS: IDLE_MS });
    try {
      await daemon.start();
      await daemon.session('forgotten', ['cat']);
      expect(await daemon.exited('forgotten', 20_000)).toMatchObject({ signal: 'SIGHUP' });
    } finally {
      await daemon.dispose();
    }
  });
});
