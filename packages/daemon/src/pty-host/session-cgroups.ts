import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isSessionId } from '@triterm/core/domain';
import { cgroupDirectory } from './cgroup-path.ts';
import { errorCode } from './error-code.ts';

/** Where the host itself goes: a cgroup with processes has no others below it that have controllers. */
const HOST_LEAF = 'host';
/** How often newcomers are moved until none is left: those of one look may have children before they are moved. */
const MAX_SWEEPS = 8;
/** A program that was hung up takes a moment to end; its background jobs may outlive it by days. */
const MIN_RETRY_MS = 250;
const MAX_RETRY_MS = 60_000;
/** What the kernel says of a process that was to be moved. */
const HAS_ENDED = 'ESRCH';

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
  #changes: Promise<void> = Promise.resolve();
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

  /**
   * Moves a program that was just started, and what it has started meanwhile, into the session's group. Whoever is beside the host
   * was born there and is some session's: the one that its terminal tells, or else the latest.
   */
  place(member: Member, leaderPid: number): void {
    const group = this.#group(member);
    this.#groups.set(leaderPid, group);
    void this.#change(async () => {
      // One may be there: of the session before it was made anew, with what that has left in the background.
      await mkdir(group, { recursive: true });
      for (let sweep = 0; sweep < MAX_SWEEPS; sweep += 1) {
        const newcomers = await this.#newcomers();
        if (newcomers.length === 0) return;
        for (const pid of newcomers) await this.#move(pid, this.#groups.get(await sessionOf(pid)) ?? group);
      }
    });
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
      if (errorCode(thrown) === 'EBUSY') return;
    }
    this.#leftovers.delete(group);
  }

  async #newcomers(): Promise<number[]> {
    const pids = (await readFile(join(this.#directory, HOST_LEAF, 'cgroup.procs'), 'utf8')).split('\n');
    return pids.map(Number).filter(pid => pid > 0 && pid !== process.pid);
  }

  async #move(pid: number, group: string): Promise<void> {
    try {
      await writeFile(join(group, 'cgroup.procs'), String(pid));
    } catch (thrown) {
      if (errorCode(thrown) !== HAS_ENDED) this.#report(thrown);
    }
  }

  #change(make: () => Promise<unknown>): Promise<void> {
    this.#changes = this.#changes.then(make).then(
      () => {},
      (thrown: unknown) => this.#report(thrown),
    );
    return this.#changes;
  }

  #report(thrown: unknown): void {
    const reason = String(errorCode(thrown) ?? thrown);
    if (this.#reported.has(reason)) return;
    this.#reported.add(reason);
    process.stderr.write(`triterm-pty-host: session cgroups: ${String(thrown)}\n`);
  }

  #group({ handle, session }: Member): string {
    return join(this.#directory, `session-${isSessionId(session) ? session : handle}`);
  }
}

/** The sixth field of /proc/<pid>/stat; the second, the name, may itself hold parentheses. NaN when it has ended. */
async function sessionOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3]);
}
