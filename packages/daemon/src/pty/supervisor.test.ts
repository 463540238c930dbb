import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REQUEST_TIMEOUT_MS, VERSION } from '@triterm/core/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FloodFile } from '../pty-host/testing/flood-file.ts';
import { HostClient } from '../pty-host/testing/host-client.ts';
import { descriptorsOf } from '../pty-host/testing/host-process.ts';
import { until } from '../pty-host/testing/until.ts';
import type { Pty, PtyHosts, SpawnRequest } from './pty.ts';
import { openPtyHosts } from './supervisor.ts';
import { OldHost } from './testing/old-host.ts';
import { PtyRecorder } from './testing/pty-recorder.ts';

const FAR = 2 ** 52;

describe('the pty-hosts of a daemon', () => {
  let dir: string;
  let generation = 0;
  const opened: PtyHosts[] = [];
  const pids = new Set<number>();
  const warnings: string[] = [];

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'triterm-hosts-'));
    warnings.length = 0;
  });
  afterEach(async () => {
    for (const hosts of opened.splice(0)) {
      for (const { pid } of hosts.list()) pids.add(pid);
      await hosts.close();
    }
    pids.delete(process.pid);
    for (const pid of pids) kill(pid);
    pids.clear();
    rmSync(dir, { recursive: true, force: true });
  });

  function kill(pid: number): void {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has left by itself.
    }
  }

  async function open(maxPerHost?: number): Promise<{ hosts: PtyHosts; adopted: Pty[] }> {
    generation += 1;
    const log = { info: () => {}, warn: (_: object, message: string) => warnings.push(message) };
    const limit = maxPerHost === undefined ? {} : { maxPerHost };
    const all = await openPtyHosts({ paths: { hostsDir: dir }, log, generation, ...limit });
    opened.push(all.hosts);
    return all;
  }

  const sh = (script: string): SpawnRequest => ({
    session: 'test',
    file: '/bin/sh',
    argv: ['sh', '-c', script],
    cwd: '/tmp',
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin' },
    cols: 80,
    rows: 24,
  });

  /** Follows it from the start, with credit for what is taken. */
  async function follow(pty: Pty, from = 0): Promise<PtyRecorder> {
    const recorder = new PtyRecorder(from);
    await pty.subscribe({ offset: from, sizeGeneration: 0, creditThrough: FAR }, recorder);
    return recorder;
  }

  /** Takes the daemon's place at its host for a moment; it comes back and takes its own again. */
  async function intrude(hostId: string, forget?: number): Promise<void> {
    const intruder = await HostClient.connect(join(dir, `${hostId}.sock`), { claim: false });
    const asked = [intruder.request('claim', { generation })];
    if (forget !== undefined) asked.push(intruder.request('forget', { handle: forget }));
    await Promise.allSettled(asked);
    await until(() => intruder.isLost, 'the daemon to come back');
  }

  it('are started when the first program is, one for many programs at once', async () => {
    const { hosts, adopted } = await open();
    expect([adopted, hosts.list()]).toEqual([[], []]);
    const ptys = await Promise.all(
      [1, 2, 3, 4, 5].map(number => hosts.spawn(sh(`echo ${number}; exit ${number}`))),
    );
    expect(hosts.list()).toMatchObject([{ version: VERSION, sessions: 5 }]);
    for (const [index, pty] of ptys.entries()) {
      const recorder = await follow(pty);
      await recorder.untilEvent('eof');
      expect(recorder.text).toBe(`${index + 1}\r\n`);
      expect(recorder.events).toEqual(['exited 3', 'eof 3']);
      expect(recorder.status).toEqual({ exitCode: index + 1, signal: null });
      await pty.forget();
    }
    expect(hosts.list()).toMatchObject([{ sessions: 0 }]);
  });

  it('outlive the daemon detached from it, and are adopted by the next', async () => {
    const first = await open();
    const pty = await first.hosts.spawn(sh('stty raw -echo; echo ready; exec cat'));
    await (await follow(pty)).untilText('ready');
    pty.checkpoint(3, 0, Buffer.from('state'));
    const [host] = first.hosts.list();
    const hostPid = host?.pid ?? 0;
    const [, rest = ''] = readFileSync(`/proc/${hostPid}/stat`, 'utf8').split(') ');
    const [, , group, session] = rest.split(' ').map(Number);
    expect([group, session]).toEqual([hostPid, hostPid]);
    expect(descriptorsOf(hostPid).slice(0, 3)).toEqual(['/dev/null', '/dev/null', '/dev/null']);
    await first.hosts.close();

    const second = await open();
    expect(second.hosts.list()).toMatchObject([{ pid: hostPid, sessions: 1 }]);
    const [adopted] = second.adopted;
    expect(adopted).toMatchObject({ session: 'test', pid: pty.pid, hostId: pty.hostId });
    expect(adopted?.info).toMatchObject({ logStart: 0, logEnd: 6, checkpointOffset: 3, exit: null });
    const recorder = new PtyRecorder();
    await adopted?.subscribe(
      { offset: 0, fromCheckpoint: true, sizeGeneration: 0, creditThrough: FAR },
      recorder,
    );
    const input = await adopted?.openInput('a', () => {});
    input?.write(0, Buffer.from('hello'));
    await recorder.untilText('hello');
    expect([recorder.events, recorder.text]).toEqual([['checkpoint 3 state'], 'dy\nhello']);
  });

  it('are started one after the other as they fill up, and used again when there is room', async () => {
    const { hosts } = await open(2);
    const ptys = await Promise.all([1, 2, 3].map(() => hosts.spawn(sh('exec cat'))));
    expect(
      hosts
        .list()
        .map(({ sessions }) => sessions)
        .sort(),
    ).toEqual([1, 2]);
    await hosts.spawn(sh('exec cat'));
    expect(hosts.list().map(({ sessions }) => sessions)).toEqual([2, 2]);
    for (const pty of ptys.slice(0, 2)) await pty.forget();
    await Promise.all([1, 2].map(() => hosts.spawn(sh('exec cat'))));
    expect(hosts.list()).toHaveLength(2);
  });

  it('that refuse a program are asked again when one of theirs is forgotten', async () => {
    const first = await open(1);
    const pty = await first.hosts.spawn(sh('exec cat'));
    await first.hosts.close();
    const { hosts, adopted } = await open(3);
    await hosts.spawn(sh('exec cat'));
    expect(hosts.list()).toHaveLength(2);
    await adopted.find(({ pid }) => pid === pty.pid)?.forget();
    await hosts.spawn(sh('exec cat'));
    await hosts.spawn(sh('exec cat'));
    expect(hosts.list()).toHaveLength(2);
    expect(hosts.list().reduce((sum, { sessions }) => sum + sessions, 0)).toBe(3);
  });

  it('of an earlier release keep their programs, get no new ones, and are retired without any', async () => {
    const old = await OldHost.listen(join(dir, '00000000.sock'));
    try {
      const { hosts, adopted } = await open();
      expect(adopted).toMatchObject([{ session: 'old' }]);
      const pty = await hosts.spawn(sh('echo new'));
      await (await follow(pty)).untilText('new');
      expect(hosts.list().map(({ version, sessions }) => [version, sessions])).toEqual([
        ['0.0.1', 1],
        [VERSION, 1],
      ]);
      expect(old.methods).toEqual(['claim', 'list']);
      await adopted[0]?.forget();
      await until(() => old.methods.includes('retire'), 'the old host to be retired');
      expect(old.methods).toEqual(['claim', 'list', 'forget', 'retire']);
      await until(() => hosts.list().length === 1, 'the old host to have left');
      expect(warnings).toEqual([]);
    } finally {
      old.close();
    }
  });

  it('that are gone leave a socket that is cleaned away', async () => {
    const first = await open();
    await first.hosts.spawn(sh('exec cat'));
    const [host] = first.hosts.list();
    await first.hosts.close();
    kill(host?.pid ?? 0);
    await until(() => !existsSync(`/proc/${host?.pid}`), 'the host to be gone');
    expect(readdirSync(dir)).toHaveLength(1);
    writeFileSync(join(dir, 'unrelated'), '');
    const { adopted } = await open();
    expect([adopted, readdirSync(dir)]).toEqual([[], ['unrelated']]);
  });

  it('that die cost their own sessions alone', async () => {
    const { hosts } = await open(1);
    const [first, second] = [await hosts.spawn(sh('exec cat')), await hosts.spawn(sh('exec cat'))];
    const [lost, kept] = [await follow(first), await follow(second)];
    kill(hosts.list().find(({ id }) => id === first.hostId)?.pid ?? 0);
    await lost.untilEvent('lost');
    expect(lost.error?.code).toBe('PTY_HOST_UNAVAILABLE');
    expect(kept.events).toEqual([]);
    expect(hosts.list().map(({ id }) => id)).toEqual([second.hostId]);
    await expect(first.signal('SIGHUP')).rejects.toMatchObject({ code: 'PTY_HOST_UNAVAILABLE' });
    await until(() => readdirSync(dir).length === 1, 'its socket to be removed');
    const input = await second.openInput('a', () => {});
    input.write(0, Buffer.from('alive\n'));
    await kept.untilText('alive');
    const third = await hosts.spawn(sh('echo third'));
    await (await follow(third)).untilText('third');
  });

  it('that a later daemon has taken over are left to it', async () => {
    const { hosts } = await open();
    const pty = await hosts.spawn(sh('exec cat'));
    const recorder = await follow(pty);
    const socketPath = join(dir, `${pty.hostId}.sock`);
    for (const { pid } of hosts.list()) pids.add(pid);
    const later = await HostClient.connect(socketPath, { generation: generation + 1 });
    await recorder.untilEvent('lost');
    expect(recorder.error?.message).toContain('taken the pty-host over');
    expect(hosts.list()).toEqual([]);
    expect((await later.info(pty.info.handle)).exit).toBeNull();
    expect(existsSync(socketPath)).toBe(true);
    later.drop();
  });

  it('are found again when the connection breaks: no byte of a flood is lost or comes twice', async () => {
    const flood = new FloodFile(join(dir, 'flood'), 24);
    const { hosts } = await open();
    const pty = await hosts.spawn(sh(flood.script));
    const recorder = new PtyRecorder(0, end => {
      pty.credit(end + 512 * 1024);
      pty.flow(end, null);
    });
    await pty.subscribe({ offset: 0, sizeGeneration: 0, creditThrough: 512 * 1024 }, recorder);
    for (let broken = 1; broken <= 4; broken += 1) {
      await until(() => recorder.end > broken * 4 * 1024 * 1024, 'some megabytes');
      await intrude(pty.hostId);
    }
    await recorder.untilEvent('eof');
    expect([recorder.misplaced, recorder.end]).toEqual([0, flood.bytes]);
    expect(recorder.sha1()).toBe(flood.sha1());
    expect(recorder.events).toEqual([`exited ${flood.bytes}`, `eof ${flood.bytes}`]);
    expect(warnings).toContain('lost the connection to a pty-host');
  }, 30_000);

  it('get what was typed while the connection was broken once', async () => {
    const { hosts } = await open();
    const pty = await hosts.spawn(sh('stty raw -echo; echo ready; exec cat'));
    const recorder = await follow(pty);
    await recorder.untilText('ready\n');
    const applied: number[] = [];
    const input = await pty.openInput('a', offset => applied.push(offset));
    let typed = '';
    const type = (text: string) => {
      input.write(typed.length, Buffer.from(text));
      typed += text;
    };
    for (let round = 0; round < 4; round += 1) {
      type(`before ${round} `);
      const intruding = intrude(pty.hostId);
      for (let piece = 0; piece < 20; piece += 1) {
        type(`${round}.${piece} `);
        await new Promise(resolve => setImmediate(resolve));
      }
      await intruding;
      type(`after ${round} `);
    }
    await until(
      () => applied.at(-1) === typed.length,
      () => `${typed.length} bytes to be applied, not ${applied.at(-1)}`,
    );
    await recorder.untilText('after 3 ');
    expect(recorder.text).toBe(`ready\n${typed}`);
  });

  it('that have forgotten a PTY meanwhile cost that one alone', async () => {
    const { hosts } = await open();
    const [first, second] = [await hosts.spawn(sh('exec cat')), await hosts.spawn(sh('exec cat'))];
    const [lost, kept] = [await follow(first), await follow(second)];
    await intrude(first.hostId, first.info.handle);
    await lost.untilEvent('lost');
    const input = await second.openInput('a', () => {});
    input.write(0, Buffer.from('alive\n'));
    await kept.untilText('alive');
    expect(hosts.list()).toMatchObject([{ sessions: 1 }]);
  });

  it('that stopped, and start a program when nobody waits for it any more, have it forgotten', async () => {
    const { hosts } = await open();
    const kept = await hosts.spawn(sh('exec cat'));
    const recorder = await follow(kept);
    const [host] = hosts.list();
    if (host === undefined) throw new Error('no host');
    process.kill(host.pid, 'SIGSTOP');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const late = expect(
        hosts.spawn(sh(`echo > ${join(dir, 'begun')}; exec sleep 1000`)),
      ).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
      await vi.advanceTimersByTimeAsync(REQUEST_TIMEOUT_MS);
      await late;
    } finally {
      vi.useRealTimers();
      process.kill(host.pid, 'SIGCONT');
    }
    await until(() => existsSync(join(dir, 'begun')), 'the program to have begun');
    const onlooker = await HostClient.connect(join(dir, `${host.id}.sock`), { claim: false });
    await until(async () => {
      const { ptys } = await onlooker.request('list', {});
      return ptys.length === 1 && ptys[0]?.handle === kept.info.handle;
    }, 'the late program to be forgotten');
    onlooker.drop();
    await until(() => hosts.list()[0]?.sessions === 1, 'its place to be free');
    const input = await kept.openInput('a', () => {});
    input.write(0, Buffer.from('alive\n'));
    await recorder.untilText('alive');
  });

  it('serve what is asked as soon as they are found again, while the rest is asked for anew', async () => {
    const { hosts } = await open();
    const ptys = await Promise.all([1, 2, 3, 4, 5, 6].map(() => hosts.spawn(sh('exec cat'))));
    await Promise.all(ptys.map(pty => follow(pty)));
    const last = ptys.at(-1);
    if (last === undefined) throw new Error('no PTY');
    last.checkpoint(0, 0, Buffer.from('state'));
    for (let round = 1; round <= 5; round += 1) {
      const intruding = intrude(last.hostId);
      const recorder = new PtyRecorder();
      await until(async () => {
        const start = { offset: 0, fromCheckpoint: true, sizeGeneration: 0, creditThrough: FAR };
        const asked = await Promise.allSettled([
          last.subscribe(start, recorder),
          last.openInput(`round ${round}`, () => {}),
        ]);
        if (asked.some(({ status }) => status === 'rejected')) return false;
        const [, input] = asked;
        if (input.status === 'fulfilled') input.value.write(0, Buffer.from(`round ${round}\n`));
        return true;
      }, 'the host to be found again');
      await recorder.untilText(`round ${round}`);
      expect(recorder.events).toEqual(['checkpoint 0 state']);
      await intruding;
    }
  });

  it('give a stream that cannot begin where it was asked to, the one that there was', async () => {
    const { hosts } = await open();
    const pty = await hosts.spawn(sh('echo one; read line; echo two'));
    const recorder = await follow(pty);
    await recorder.untilText('one');
    const refused = pty.subscribe({ offset: 9999, sizeGeneration: 0, creditThrough: FAR }, new PtyRecorder());
    await expect(refused).rejects.toMatchObject({ code: 'TOO_LARGE' });
    const input = await pty.openInput('a', () => {});
    input.write(0, Buffer.from('\n'));
    await recorder.untilEvent('eof');
    expect([recorder.misplaced, recorder.text]).toEqual([0, 'one\r\n\r\ntwo\r\n']);
  });

  it('resize and signal', async () => {
    const { hosts } = await open();
    const pty = await hosts.spawn(sh('echo ready; exec cat'));
    const recorder = await follow(pty);
    await recorder.untilText('ready');
    expect(await pty.resize({ cols: 90, rows: 30 }, 1)).toEqual({ offset: 7, applied: true });
    expect(await pty.resize({ cols: 91, rows: 30 }, 1)).toMatchObject({ applied: false });
    await pty.signal('SIGTERM');
    await recorder.untilEvent('eof');
    expect(recorder.events).toEqual(['resized 7 90x30 1', 'exited 7', 'eof 7']);
    expect(recorder.status).toEqual({ exitCode: null, signal: 'SIGTERM' });
  });

  it('are not looked for where others could have put theirs', async () => {
    chmodSync(dir, 0o750);
    await expect(open()).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
  });

  it('start nothing more once the daemon is about to end', async () => {
    const { hosts } = await open();
    await hosts.close();
    await expect(hosts.spawn(sh('exit'))).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
  });
});
