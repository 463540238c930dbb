import { describe, expect, it } from 'vitest';
import { HAS_SYSTEMD_PROGRAMS, ServiceManager } from '../support/service-manager.ts';
import { Triterm } from '../support/triterm.ts';

const WATCHDOG_MS = 400;

describe.skipIf(!HAS_SYSTEMD_PROGRAMS)('what systemd is told', () => {
  it('is that the daemon serves, reloads and stops, in that order, and how it is', async () => {
    await using triterm = new Triterm();
    await using manager = await ServiceManager.start(triterm);
    await triterm.ok('ls');
    const ready = await manager.notified(/^READY=1$/m);
    expect(manager.notifications.join('\n')).toContain('STATUS=0 sessions; database; no Redis is configured');
    process.kill(triterm.daemonPid, 'SIGHUP');
    await manager.notified(/^RELOADING=1\nMONOTONIC_USEC=\d+$/m, ready);
    const reloaded = await manager.notified(/^READY=1$/m, ready);
    process.kill(triterm.daemonPid, 'SIGTERM');
    await manager.notified(/^STOPPING=1$/m, reloaded);
  });

  it('is that it lives, at half of the watchdog’s time, but not while it hangs', async () => {
    await using triterm = new Triterm();
    await using manager = await ServiceManager.start(triterm, { watchdogMs: WATCHDOG_MS });
    await triterm.ok('ls');
    const atMs: number[] = [];
    for (let seen = await manager.notified(/^WATCHDOG=1$/m); atMs.length < 6; ) {
      seen = await manager.notified(/^WATCHDOG=1$/m, seen);
      atMs.push(performance.now());
    }
    const [first = 0] = atMs;
    const meanMs = ((atMs.at(-1) ?? 0) - first) / (atMs.length - 1);
    expect(meanMs).toBeGreaterThan(WATCHDOG_MS / 4);
    expect(meanMs).toBeLessThan(WATCHDOG_MS);
    const pid = triterm.daemonPid;
    process.kill(pid, 'SIGSTOP');
    const stopped = manager.notifications.length;
    // One may have been under way. Nothing tells of what does not come, so this waits.
    await new Promise(resolve => setTimeout(resolve, 3 * WATCHDOG_MS));
    expect(manager.notifications.length - stopped).toBeLessThanOrEqual(1);
    const before = manager.notifications.length;
    process.kill(pid, 'SIGCONT');
    await manager.notified(/^WATCHDOG=1$/m, before);
  });
});
