import { setTimeout as pause } from 'node:timers/promises';
import type { DaemonProcess } from '../../../tests/support/daemon-process.ts';
import { Fleet } from '../../../tests/support/fleet.ts';
import { cpuSeconds, memoryBytes } from '../../host/processes.ts';
import { figuresOf } from '../../hybrid-store/figures.ts';
import type { Key } from '../../results.ts';
import { SUBJECT } from '../measure.ts';
import type { FleetScale } from '../scale.ts';
import type { Reporter } from './load.ts';
import { Typist } from './typist.ts';

/** Sessions that are begun, and clients that connect, at once. */
const AT_ONCE = 8;
/** Everybody types a key in this time. */
const KEY_INTERVAL_MS = 1000;
const MEGABYTE = 1e6;
const KILOBYTE = 1e3;
const SERVER = 'server-1';
/** More than the defaults, which are for one person; all come with one token, which has a quarter of what there is. */
const LIMITS = {
  TRITERM_MAX_SESSIONS: '2000',
  TRITERM_MAX_SESSIONS_PER_SERVER: '2000',
  TRITERM_MAX_CLIENTS: '5000',
  TRITERM_MAX_CONNECTIONS_PER_USER: '5000',
  TRITERM_MAX_HANDSHAKES_PER_SECOND: '10000',
};

/** Sessions of one server with a WebSocket client each: what they take at rest, and how soon a key is echoed. */
export async function manyClients(scale: FleetScale, reporter: Reporter): Promise<void> {
  await using fleet = await Fleet.start({ listen: true, env: LIMITS });
  const daemon = await fleet.daemon(SERVER);
  const token = await fleet.token({ user: 'local', scope: 'admin' });
  const typists: Typist[] = [];
  const add = (metric: string, value: number) => reporter.add(keyOf(typists.length, metric), value);
  const base = memoryOf(daemon);
  reporter.add(keyOf(0, 'MB, server'), base / MEGABYTE);
  for (const wanted of scale.clients) {
    reporter.progress(`clients: ${wanted}`);
    const names = Array.from({ length: wanted - typists.length }, (_, at) => `s${typists.length + at}`);
    await inTurns(names, name => daemon.session(name, ['cat']));
    const attachMs: number[] = [];
    await inTurns(names, async name => {
      const beganMs = performance.now();
      typists.push(await Typist.attach(await fleet.client(SERVER, { token }), name));
      attachMs.push(performance.now() - beganMs);
    });
    const attach = figuresOf(attachMs);
    add('attach p50 ms', attach.p50);
    add('attach p99 ms', attach.p99);

    await pause(KEY_INTERVAL_MS);
    add('CPU %, idle', await cpuShare(daemon, () => pause(scale.idleMs)));
    const memory = memoryOf(daemon);
    add('MB, server', memory / MEGABYTE);
    add('KB a client', (memory - base) / typists.length / KILOBYTE);
    add('MB, pty-hosts', memoryBytes(daemon.hostPids()) / MEGABYTE);

    const echoMs: number[] = [];
    const cpu = await cpuShare(daemon, async () => {
      await Promise.all(
        typists.map((typist, at) => type(typist, at / typists.length, scale.typingMs, echoMs)),
      );
    });
    add('CPU %, a key a second each', cpu);
    const echo = figuresOf(echoMs);
    add('echo p50 ms', echo.p50);
    add('echo p99 ms', echo.p99);
  }
}

function keyOf(clients: number, metric: string): Key {
  return { measure: 'clients', peer: SUBJECT, variant: `${clients} sessions and clients:`, metric };
}

/** A key a second; `phase`, from 0 to 1, says when in it. */
async function type(typist: Typist, phase: number, forMs: number, echoMs: number[]): Promise<void> {
  await pause(phase * KEY_INTERVAL_MS);
  const endMs = performance.now() + forMs;
  for (let nextMs = performance.now(); nextMs < endMs; nextMs += KEY_INTERVAL_MS) {
    await pause(Math.max(0, nextMs - performance.now()));
    echoMs.push(await typist.echoMs());
  }
}

function memoryOf(daemon: DaemonProcess): number {
  return memoryBytes([daemon.pid]);
}

/** CPU time of server and hosts, as a share of one processor. */
async function cpuShare(daemon: DaemonProcess, work: () => Promise<unknown>): Promise<number> {
  const pids = [daemon.pid, ...daemon.hostPids()];
  const [before, beganMs] = [cpuSeconds(pids), performance.now()];
  await work();
  return ((cpuSeconds(pids) - before) / ((performance.now() - beganMs) / 1000)) * 100;
}

async function inTurns<T>(all: readonly T[], work: (one: T) => Promise<unknown>): Promise<void> {
  const left = all.values();
  const worker = async () => {
    for (const one of left) await work(one);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
