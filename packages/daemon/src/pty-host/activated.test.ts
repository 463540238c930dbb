import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newSessionId } from '@triterm/core/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cgroupDirectory } from './cgroup-path.ts';
import { ActivatedHost } from './testing/activated-host.ts';
import { HostClient } from './testing/host-client.ts';
import { descriptorsOf } from './testing/host-process.ts';
import { until } from './testing/until.ts';

const SESSION = newSessionId();

describe('a pty-host that systemd starts', () => {
  let host: ActivatedHost | undefined;

  afterEach(async () => {
    await host?.dispose();
    host = undefined;
  });

  async function start(before?: string): Promise<ActivatedHost> {
    host = await ActivatedHost.start(before);
    return host;
  }

  it('listens where it is asked to, and keeps nothing of the connection', async () => {
    const started = await start();
    started.connection.write(`${started.socketPath} 4\n`);
    await started.answered();
    const client = await HostClient.connect(started.socketPath);
    const { handle } = await client.sh('readlink /proc/self/fd/0; echo ready; exec cat');
    await (await client.subscribe(handle)).untilText('ready');
    expect(descriptorsOf(started.pid)[0]).toBe('/dev/null');
    // The one that listens, two of the client's, and the test's as stderr.
    expect(descriptorsOf(started.pid).filter(path => path.startsWith('socket:'))).toHaveLength(4);
    expect(started.stderr).toBe('');
    client.drop();
  });

  it.each([
    ['is told to listen elsewhere', '/tmp/hosts/unit-0a1b2c3d.sock 4\n', 'no request'],
    ['is told too much', 'x'.repeat(10_000), 'too long'],
  ])('ends and says why when it %s', async (_, request, reason) => {
    const started = await start();
    started.connection.write(request);
    expect(await started.exited()).toBe(1);
    expect(started.stderr).toContain(reason);
  });

  it('ends and says why when nobody asks it for anything', async () => {
    const started = await start();
    started.connection.end();
    expect(await started.exited()).toBe(1);
    expect(started.stderr).toContain('no end');
  });
});

const root = cgroupDirectory('0::/\n', readFileSync('/proc/self/mountinfo', 'utf8'));

describe.skipIf(!canDivide())('a cgroup for each session', () => {
  const unit = join(root ?? '', `triterm-test-${process.pid}.service`);
  let host: ActivatedHost | undefined;

  beforeEach(() => mkdirSync(unit));
  afterEach(async () => {
    writeFileSync(join(unit, 'cgroup.kill'), '1');
    await host?.dispose();
    host = undefined;
    for (const group of groups()) await until(() => removed(join(unit, group)), `the end of ${group}`);
    await until(() => removed(unit), 'the end of the unit');
  });

  function groups(): string[] {
    return readdirSync(unit, { withFileTypes: true }).flatMap(entry =>
      entry.isDirectory() ? [entry.name] : [],
    );
  }

  async function client(): Promise<HostClient> {
    host = await ActivatedHost.start(`echo $$ > ${unit}/cgroup.procs`);
    host.connection.write(`${host.socketPath} 64\n`);
    await host.answered();
    return HostClient.connect(host.socketPath);
  }

  function members(group: string): number[] {
    try {
      const pids = readFileSync(join(unit, group, 'cgroup.procs'), 'utf8').split('\n');
      return pids.filter(pid => pid !== '').map(Number);
    } catch {
      return [];
    }
  }

  function all(): string {
    return groups()
      .map(group => `${group}: ${members(group).join(' ')}`)
      .join(', ');
  }

  it('holds what it started, from the first moment on, and the host is beside it', async () => {
    const hosted = await client();
    const { pid } = await hosted.sh('sleep 60 & sleep 60 & wait', { session: SESSION });
    await until(() => members(`session-${SESSION}`).length === 3, 'the program and its two children');
    expect(members(`session-${SESSION}`)).toContain(pid);
    expect(members('host')).toEqual([host?.pid]);
    await hosted.request('signal', { handle: 1, signal: 'SIGKILL' });
    hosted.drop();
  });

  it('goes with its session that hangs up, but not with what that has left in the background', async () => {
    const hosted = await client();
    const script =
      '(trap "" HUP; echo deaf; exec sleep 61 < /dev/null > /dev/null 2>&1) & echo "pid $!."; exec cat';
    const { handle } = await hosted.sh(script, { session: SESSION });
    const stream = await hosted.subscribe(handle);
    await stream.untilText('deaf');
    await stream.untilText('.');
    const background = Number(/pid (\d+)\./.exec(stream.text)?.[1]);
    await until(() => members(`session-${SESSION}`).includes(background), 'the background job in the group');
    await hosted.request('signal', { handle, signal: 'SIGHUP' });
    await stream.untilExit();
    await hosted.request('forget', { handle });
    // Groups are changed in turn: what was to happen to the first has happened once the second is there.
    const session = newSessionId();
    const other = await hosted.sh('exec cat', { session });
    const told = () => `another session of ${other.pid}: ${all()}; ${host?.stderr}`;
    await until(() => members(`session-${session}`).includes(other.pid), told);
    expect(members(`session-${SESSION}`)).toEqual([background]);
    process.kill(background, 'SIGKILL');
    await until(() => members(`session-${SESSION}`).length === 0, 'an empty group');
    await hosted.request('forget', { handle: other.handle });
    await until(() => groups().join() === 'host', 'no group but the host’s');
    hosted.drop();
  });

  it('is that of each of many sessions that start at once', async () => {
    const hosted = await client();
    const started = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const session = newSessionId();
        // What a program starts at once belongs to it as well.
        const { pid } = await hosted.sh('sleep 60 & exec cat', { session });
        return { session, pid };
      }),
    );
    await until(
      () => members('host').length === 1,
      () => `an empty leaf: ${all()}`,
    );
    for (const { session, pid } of started) {
      expect(members(`session-${session}`)).toContain(pid);
      expect(members(`session-${session}`)).toHaveLength(2);
    }
    hosted.drop();
  });

  it('takes what has left its session for one of its own, by what its environment tells', async () => {
    const hosted = await client();
    // Nobody is moved before both are there.
    const limit = join(unit, 'cgroup.max.descendants');
    writeFileSync(limit, '1');
    await hosted.sh('exec cat', { session: SESSION });
    const session = newSessionId();
    const { handle, pid } = await hosted.sh('setsid sh -c "echo pid $\\$.; exec sleep 64" & exec cat', {
      session,
      env: { PATH: process.env.PATH ?? '/usr/bin:/bin', TRITERM_SESSION: session },
    });
    const stream = await hosted.subscribe(handle);
    await stream.untilText('.');
    const strayed = Number(/pid (\d+)\./.exec(stream.text)?.[1]);
    writeFileSync(limit, 'max');
    await until(
      () => members('host').length === 1,
      () => `an empty leaf: ${all()}`,
    );
    expect(members(`session-${session}`).toSorted()).toEqual([pid, strayed].toSorted());
    hosted.drop();
  });

  it('is made later when the kernel refuses it at first, and that is told', async () => {
    const hosted = await client();
    const limit = join(unit, 'cgroup.max.descendants');
    writeFileSync(limit, '1');
    const { pid } = await hosted.sh('exec cat', { session: SESSION });
    await until(() => host?.stderr.includes('session cgroups: Error: EAGAIN') === true, 'the reason');
    expect(members('host')).toContain(pid);
    writeFileSync(limit, 'max');
    await until(() => members(`session-${SESSION}`).includes(pid), 'the program in its group');
    expect(members('host')).toEqual([host?.pid]);
    hosted.drop();
  });

  it('is killed as a whole, background and all', async () => {
    const hosted = await client();
    const { handle } = await hosted.sh('setsid sleep 62 & setsid -w sh -c "echo ready; sleep 63"', {
      session: SESSION,
    });
    await (await hosted.subscribe(handle)).untilText('ready');
    await until(() => members(`session-${SESSION}`).length >= 4, 'all of them in the group');
    await hosted.request('signal', { handle, signal: 'SIGKILL' });
    await until(() => members(`session-${SESSION}`).length === 0, 'the end of all of them');
    hosted.drop();
  });
});

function canDivide(): boolean {
  if (root === undefined) return false;
  const trial = join(root, `triterm-trial-${process.pid}`);
  try {
    mkdirSync(trial);
    return removed(trial);
  } catch {
    return false;
  }
}

function removed(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch {
    return !existsSync(directory);
  }
}
