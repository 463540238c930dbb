import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isSessionId, type ProcessStat, parseProcessStat } from '@triterm/core/domain';
import { errnoName } from '@triterm/core/errors';
import { cgroupDirectory } from './cgroup-path.ts';
import { belonging, sessionIn } from './newcomer.ts';

/** Where the host itself goes: a cgroup with processes has no others below it that have controllers. */
const HOST_LEAF = 'host';
/** How often newcomers are moved until none is left: those of one look may have children before they are moved. */
const MAX_SWEEPS = 8;
/** A program that was hung up takes a moment to end; its background jobs may outlive it by days. */
const MIN_RETRY_MS = 250;
const MAX_RETRY_MS = 60_000;

/** Which group is meant. */
interface Member {
  readonly handle: number;
  readonly session: string;
}

/**
 * A cgroup for each session, below the one that the service manager has delegated to this host: its processes are seen, limited and
 * killed together. All is best effort and off the event loop, because moving a process may take the kernel milliseconds: where it
 * fails, sessions are as they are without, and standard error tells why, once for each reason.
 */
export class SessionCgroups {
  readonly #directory: string;
  /** Groups by the leader's pid, which is the id of its terminal's session. */
  readonly #groups = new Map<number, string>();
  readonly #leftovers = new Set<string>();
  readonly #reported = new Set<string>();
  /** Changes are made one after the other: settles with the last. */
  #changes: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Moves this process into a leaf of its own. Undefined where the host is not a unit of its own, or may not divide it. To be called
   * only by a host that was started as a unit with Delegate=: elsewhere the tree belongs to somebody else.
   */
  static open(): SessionCgroups | undefined {
    try {
      const directory = cgroupDirectory(
        readFileSync('/proc/self/cgroup', 'utf8'),
        readFileSync('/proc/self/mountinfo', 'utf8'),
      );
      if (directory === undefined || !directory.endsWith('.service')) return undefined;
      const leaf = join(directory, HOST_LEAF);
      mkdirSync(leaf);
      writeFileSync(join(leaf, 'cgroup.procs'), String(process.pid));
      return new SessionCgroups(directory);
    } catch {
      return undefined;
    }
  }

  /** Moves a program that was just started, and what it has started meanwhile, into the session's group. */
  place(member: Member, leaderPid: number): void {
    const group = this.#group(member);
    this.#groups.set(leaderPid, group);
    void this.#gather(group, leaderPid, MIN_RETRY_MS);
  }

  /** Again later where it fails now, for want of memory or by a limit, and the session is still there. */
  async #gather(group: string, leaderPid: number, retryMs: number): Promise<void> {
    const isDone = await this.#change(async () => {
      await make(group);
      await this.#moveNewcomers(group);
    });
    if (isDone || retryMs > MAX_RETRY_MS || this.#groups.get(leaderPid) !== group) return;
    setTimeout(() => void this.#gather(group, leaderPid, 2 * retryMs), retryMs).unref();
  }

  /** Kills everything of the session, in the background too; cgroup.kill needs Linux 5.14. */
  kill(member: Member): void {
    const group = this.#group(member);
    void this.#change(() => writeFile(join(group, 'cgroup.kill'), '1'));
  }

  /** The session is over. What it has left in the background goes on, as after any logout. */
  release(member: Member, leaderPid: number): void {
    this.#groups.delete(leaderPid);
    this.#leftovers.add(this.#group(member));
    void this.#removeEmpty(MIN_RETRY_MS);
  }

  async #removeEmpty(retryMs: number): Promise<void> {
    clearTimeout(this.#timer);
    for (const group of this.#leftovers) await this.#change(() => this.#remove(group));
    clearTimeout(this.#timer);
    if (this.#leftovers.size === 0) return;
    const nextMs = Math.min(2 * retryMs, MAX_RETRY_MS);
    this.#timer = setTimeout(() => void this.#removeEmpty(nextMs), retryMs).unref();
  }

  async #remove(group: string): Promise<void> {
    try {
      await rmdir(group);
    } catch (thrown) {
      if (errnoName(thrown) === 'EBUSY') return;
    }
    this.#leftovers.delete(group);
  }

  async #newcomers(): Promise<number[]> {
    const pids = (await readFile(join(this.#directory, HOST_LEAF, 'cgroup.procs'), 'utf8')).split('\n');
    return pids.map(Number).filter(pid => pid > 0 && pid !== process.pid);
  }

  /** Rejects when one of them cannot be moved. */
  async #moveNewcomers(latest: string): Promise<void> {
    let failure: unknown;
    for (let sweep = 0; sweep < MAX_SWEEPS; sweep += 1) {
      let left = 0;
      for (const pid of await this.#newcomers()) {
        const group = await this.#groupOf(pid, latest);
        if (group === undefined) continue;
        left += 1;
        failure = (await move(pid, group)) ?? failure;
      }
      if (left === 0) return;
    }
    if (failure !== undefined) throw failure;
  }

  /** Undefined for what is to stay for now. Of a program that tells nothing, the session that was started last is most likely. */
  async #groupOf(pid: number, latest: string): Promise<string | undefined> {
    const stat = await statOf(pid);
    const leader = stat === undefined ? undefined : await statOf(stat.session);
    const known = belonging({ pid, stat, leader }, this.#groups, process.pid);
    if (known === 'starting') return undefined;
    if (known !== 'strayed') return known.group;
    const told = this.#path(sessionIn(await textOf(`/proc/${pid}/environ`)));
    return [...this.#groups.values(), ...this.#leftovers].find(group => group === told) ?? latest;
  }

  /** Whether it was done; why not is reported. */
  #change(work: () => Promise<unknown>): Promise<boolean> {
    const done = this.#changes.then(work).then(
      () => true,
      (thrown: unknown) => {
        this.#report(thrown);
        return false;
      },
    );
    this.#changes = done;
    return done;
  }

  #report(thrown: unknown): void {
    const reason = String(errnoName(thrown) ?? thrown);
    if (this.#reported.has(reason)) return;
    this.#reported.add(reason);
    process.stderr.write(`triterm-pty-host: session cgroups: ${String(thrown)}\n`);
  }

  #group({ handle, session }: Member): string {
    return this.#path(isSessionId(session) ? session : handle);
  }

  #path(name: string | number | undefined): string {
    return join(this.#directory, `session-${name}`);
  }
}

/** One may be there: of the session before it was made anew, with what that has left in the background. */
async function make(group: string): Promise<void> {
  try {
    await mkdir(group);
  } catch (thrown) {
    if (errnoName(thrown) !== 'EEXIST') throw thrown;
  }
}

/** Undefined when it was moved, or has ended. */
async function move(pid: number, group: string): Promise<unknown> {
  try {
    await writeFile(join(group, 'cgroup.procs'), String(pid));
    return undefined;
  } catch (thrown) {
    return errnoName(thrown) === 'ESRCH' ? undefined : thrown;
  }
}

async function statOf(pid: number): Promise<ProcessStat | undefined> {
  return parseProcessStat(await textOf(`/proc/${pid}/stat`));
}

/** Empty when it is gone. */
function textOf(path: string): Promise<string> {
  return readFile(path, 'latin1').catch(() => '');
}
