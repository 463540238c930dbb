import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { DaemonProcess } from '../support/daemon-process.ts';

describe('the metrics of a daemon', () => {
  let daemon: DaemonProcess;
  afterEach(() => daemon.dispose());

  const socketPath = (): string => join(daemon.paths.runDir, 'metrics.sock');

  async function scrape(): Promise<string> {
    const sent = request({ socketPath: socketPath(), path: '/metrics', agent: false }).end();
    const [response] = await once(sent, 'response');
    return text(response);
  }

  it('count its sessions, and the writes of its store', async () => {
    daemon = new DaemonProcess();
    await daemon.start();
    const before = await scrape();
    expect(before).toContain('\ntriterm_sessions{state="running"} 0\n');
    await daemon.session('one', ['sh', '-c', 'cat']);
    const after = await scrape();
    expect(after).toContain('\ntriterm_sessions{state="running"} 1\n');
    expect(after).toContain('\ntriterm_pty_hosts 1\n');
    expect(after).toContain('\ntriterm_database_available 1\n');
    expect(Number(/^triterm_store_writes_total (\d+)$/m.exec(after)?.[1])).toBeGreaterThan(0);
  });

  it('are there again after it was killed', async () => {
    daemon = new DaemonProcess();
    await daemon.start();
    await daemon.end('SIGKILL');
    expect(existsSync(socketPath())).toBe(true);
    await daemon.start();
    expect(await scrape()).toContain('triterm_build_info{');
  });

  it('are nowhere when they are switched off', async () => {
    daemon = new DaemonProcess({ TRITERM_METRICS_SOCKET: '' });
    await daemon.start();
    expect(readdirSync(daemon.paths.runDir).filter(name => name.includes('metrics'))).toEqual([]);
  });

  it('do not keep it from serving when their port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      daemon = new DaemonProcess({ TRITERM_METRICS_LISTEN: `127.0.0.1:${port}` });
      await daemon.start();
      expect(daemon.log()).toContain('metrics are not served');
    } finally {
      taken.close();
    }
  });

  it('are refused where others could reach them, and the daemon does not start', async () => {
    daemon = new DaemonProcess({ TRITERM_METRICS_LISTEN: '0.0.0.0:9464' });
    await expect(daemon.start()).rejects.toThrow(/ended with 2/);
  });
});

describe('what a daemon knows of its database and Redis', () => {
  let daemon: DaemonProcess;
  afterEach(() => daemon.dispose());

  it('reaches neither sessions, nor pty-hosts, nor the log', async () => {
    const secret = 'hunter2';
    daemon = new DaemonProcess({
      REDIS_PASSWORD: secret,
      REDIS_SENTINEL_PASSWORD: secret,
      TRITERM_LOG_LEVEL: 'trace',
    });
    await daemon.start();
    await daemon.session('one', ['sh', '-c', 'env > "$1"; exec cat', 'sh', join(daemon.stateDir, 'env')]);
    const { ptyHosts } = await daemon.request('daemon.status', {});
    const [host] = ptyHosts;
    expect(readFileSync(`/proc/${host?.pid}/environ`, 'latin1')).not.toContain(secret);
    await expect.poll(() => existsSync(join(daemon.stateDir, 'env'))).toBe(true);
    await expect.poll(() => readFileSync(join(daemon.stateDir, 'env'), 'utf8')).toContain('TERM=');
    expect(readFileSync(join(daemon.stateDir, 'env'), 'utf8')).not.toContain(secret);
    expect(daemon.log()).not.toContain(secret);
    expect(readFileSync(`/proc/${daemon.pid}/environ`, 'latin1')).toContain(secret);
  });
});
