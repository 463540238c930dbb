import { totalmem } from 'node:os';
import { TermError } from '@triterm/core/errors';
import { HostedPty, type HostedPtyRequest } from './hosted-pty.ts';
import { budgetFor, LogBudget } from './log-budget.ts';
import type { SessionCgroups } from './session-cgroups.ts';

/** The PTYs of one host, by handle. */
export class PtyTable {
  readonly #ptys = new Map<number, HostedPty>();
  readonly #budget = new LogBudget(budgetFor(totalmem()));
  readonly #maxPtys: number;
  readonly #cgroups: SessionCgroups | undefined;
  #lastHandle = 0;
  #retired = false;
  #reviewScheduled = false;
  /** The last PTY was forgotten. */
  onEmpty: () => void = () => {};

  /** `cgroups`: undefined where the host may not divide its own. */
  constructor(maxPtys: number, cgroups: SessionCgroups | undefined = undefined) {
    this.#maxPtys = maxPtys;
    this.#cgroups = cgroups;
    this.#budget.onFreed = () => this.#reviewLater();
  }

  get size(): number {
    return this.#ptys.size;
  }

  /** No more PTYs are taken. */
  get retired(): boolean {
    return this.#retired;
  }

  retire(): void {
    this.#retired = true;
    if (this.#ptys.size === 0) this.onEmpty();
  }

  all(): Iterable<HostedPty> {
    return this.#ptys.values();
  }

  /** Throws TOO_MANY_SESSIONS, SHUTTING_DOWN, PTY_HOST_UNAVAILABLE. */
  spawn(request: HostedPtyRequest): HostedPty {
    if (this.#retired) throw new TermError('SHUTTING_DOWN', 'This pty-host takes no more sessions.');
    if (this.#ptys.size >= this.#maxPtys) {
      throw new TermError('TOO_MANY_SESSIONS', `This pty-host holds ${this.#maxPtys} sessions already.`);
    }
    this.#lastHandle += 1;
    const pty = new HostedPty(this.#lastHandle, request, this.#budget);
    this.#ptys.set(pty.handle, pty);
    this.#cgroups?.place(pty, pty.info.pid);
    return pty;
  }

  /** Throws SESSION_NOT_FOUND, SESSION_EXITED, BAD_MESSAGE, PERMISSION_DENIED. */
  signal(handle: number, name: string): void {
    const pty = this.get(handle);
    pty.signal(name);
    // Whoever kills wants nothing to be left; every other signal is for the program that was started and its process group.
    if (name === 'SIGKILL') this.#cgroups?.kill(pty);
  }

  /** Throws SESSION_NOT_FOUND. */
  get(handle: number): HostedPty {
    const pty = this.#ptys.get(handle);
    if (pty === undefined) throw new TermError('SESSION_NOT_FOUND', `No PTY has the handle ${handle}.`);
    return pty;
  }

  find(handle: number): HostedPty | undefined {
    return this.#ptys.get(handle);
  }

  /** Does nothing for a handle that is unknown: a repetition after a lost reply. */
  forget(handle: number): void {
    const pty = this.#ptys.get(handle);
    if (pty === undefined) return;
    this.#ptys.delete(handle);
    pty.close();
    this.#cgroups?.release(pty, pty.info.pid);
    if (this.#ptys.size === 0) this.onEmpty();
  }

  /** Memory was given back: sessions that waited for it may go on. */
  #reviewLater(): void {
    if (this.#reviewScheduled) return;
    this.#reviewScheduled = true;
    setImmediate(() => {
      this.#reviewScheduled = false;
      for (const pty of this.#ptys.values()) pty.review();
    });
  }
}
