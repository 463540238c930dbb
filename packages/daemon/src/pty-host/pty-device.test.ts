import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type DeviceListener, PtyDevice, READ_BYTES } from './pty-device.ts';
import { until } from './testing/until.ts';

/** Long enough for a program that is not held to write much. */
const WATCHED_MS = 200;

/** Set, the kernel refuses to open terminals. */
const refusal = vi.hoisted(() => ({ isOn: false, paths: [] as string[] }));

vi.mock('node:fs', async original => {
  const fs = await original<typeof import('node:fs')>();
  const openSync: typeof fs.openSync = (path, ...rest) => {
    if (!refusal.isOn || !String(path).startsWith('/dev/pts/')) return fs.openSync(path, ...rest);
    refusal.paths.push(String(path));
    throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
  };
  return { ...fs, openSync };
});

/** Remembers what it is told. */
class Listener implements DeviceListener {
  readonly events: string[] = [];
  text = '';

  output(bytes: Buffer): void {
    this.text += bytes;
  }

  exited(status: { exitCode: number | null; signal: string | null }): void {
    this.events.push(`exited ${status.exitCode ?? status.signal}`);
  }

  eof(): void {
    this.events.push('eof');
  }
}

const request = (script: string) => ({
  file: '/bin/sh',
  argv: ['sh', '-c', script],
  cwd: '/',
  env: { PATH: process.env.PATH ?? '/usr/bin:/bin' },
  cols: 80,
  rows: 24,
});

function masters(): number {
  const open = readdirSync('/proc/self/fd').map(name => {
    const path = `/proc/self/fd/${name}`;
    return existsSync(path) ? readlinkSync(path) : '';
  });
  return open.filter(path => path.includes('ptmx')).length;
}

describe('PtyDevice', () => {
  const devices: PtyDevice[] = [];

  afterEach(() => {
    refusal.isOn = false;
    for (const device of devices.splice(0)) device.close();
  });

  function start(script: string, listener = new Listener()): { device: PtyDevice; listener: Listener } {
    const device = new PtyDevice(request(script), listener);
    devices.push(device);
    return { device, listener };
  }

  it('reads nothing until it is asked to, and then all, the exit, and the end', async () => {
    const { device, listener } = start('read line; echo "<$line>"; exit 4');
    device.write(Buffer.from('hello\n'));
    device.setReading(true);
    await until(() => listener.events.includes('eof'), 'the end');
    expect(listener.text).toBe('hello\r\n<hello>\r\n');
    expect(listener.events).toEqual(['exited 4', 'eof']);
  });

  it('stops reading though it has only just been told to read', async () => {
    const { device, listener } = start('exec yes');
    device.setReading(true);
    device.setReading(false);
    await delay(WATCHED_MS);
    expect(listener.text.length).toBeLessThanOrEqual(READ_BYTES);
    device.setReading(true);
    await until(() => listener.text.length > 100_000, 'more output');
  });

  it('has read all that was written when it tells the exit, though it was not to read', async () => {
    const { listener } = start('printf %03000d 7; exit 5');
    await until(() => listener.events.length > 0, 'the exit');
    expect([listener.text.length, listener.events]).toEqual([3000, ['exited 5']]);
  });

  it('reads what there is at this moment, up to a limit', async () => {
    const { device, listener } = start('echo 123456; exec cat');
    await until(() => {
      device.drain(3);
      return listener.text.length > 0;
    }, 'the output');
    expect(listener.text).toBe('123');
    device.drain();
    expect(listener.text).toBe('123456\r\n');
    device.drain();
  });

  it('takes what the kernel does not: nothing while that is full, all when the program has gone', async () => {
    const { device, listener } = start('stty raw -echo; echo ready; exec sleep 1000');
    device.setReading(true);
    await until(() => listener.text.includes('ready'), 'the program');
    const full = Buffer.alloc(64 * 1024, 'x');
    let taken = 0;
    await until(() => {
      const some = device.write(full);
      taken += some;
      return some === 0;
    }, 'the kernel to be full');
    expect(taken).toBeLessThan(1024 * 1024);
    device.signal('SIGKILL');
    await until(() => listener.events.includes('eof'), 'the end');
    expect(device.write(full)).toBe(full.length);
    expect(() => device.signal('SIGKILL')).toThrow(expect.objectContaining({ code: 'SESSION_EXITED' }));
    device.resize({ cols: 1, rows: 1 });
    device.drain();
  });

  it('hangs up the program when it is closed, and tells nothing more', async () => {
    const before = masters();
    const { device, listener } = start('exec cat');
    device.setReading(true);
    expect(masters()).toBe(before + 1);
    device.close();
    device.close();
    expect(masters()).toBe(before);
    await until(() => device.exited, 'the program to end');
    expect(listener.events).toEqual([]);
  });

  it('leaves nothing behind when the terminal cannot be opened', async () => {
    const before = masters();
    refusal.isOn = true;
    const listener = new Listener();
    expect(() => start('exec cat', listener)).toThrow(
      expect.objectContaining({ code: 'PTY_HOST_UNAVAILABLE' }),
    );
    expect(refusal.paths).toHaveLength(1);
    expect(masters()).toBe(before);
    await until(() => !existsSync(refusal.paths[0] ?? ''), 'the program to let go of its terminal');
    expect(listener.events).toEqual([]);
  });

  it('signals a program that has only just been started', async () => {
    for (let index = 0; index < 20; index += 1) {
      const { device, listener } = start('exec sleep 1000');
      device.signal('SIGTERM');
      await until(() => listener.events.length > 0, 'the exit');
      expect(listener.events).toEqual(['exited SIGTERM']);
    }
  });

  it('gives signals their usual names', async () => {
    for (const signal of ['SIGABRT', 'SIGIO', 'SIGSYS', 'SIGKILL']) {
      const { listener } = start(`kill -${signal.slice(3)} $$`);
      await until(() => listener.events.length > 0, 'the exit');
      expect(listener.events).toEqual([`exited ${signal}`]);
    }
  });
});
