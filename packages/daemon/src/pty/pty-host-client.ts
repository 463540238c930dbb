import { setTimeout as delay } from 'node:timers/promises';
import { TermError } from '@triterm/core/errors';
import { HostLink, isNobodyThere, type LinkListener } from './host-link.ts';
import { type HostAccess, HostPty } from './host-pty.ts';
import type { Pty, PtyHostInfo, SpawnRequest } from './pty.ts';

/** What is told of the hosts; a pino logger is one. */
export interface HostLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

/** A host that lives but refuses connections for this long is given up. */
const REFUSED_FOR_MS = 1000;
const MIN_RETRY_MS = 20;
const MAX_RETRY_MS = 1000;

export interface PtyHostClientOptions {
  readonly socketPath: string;
  readonly generation: number;
  readonly log: HostLog;
}

/** One pty-host, as the daemon sees it. Makes a lost connection again as long as the host lives. */
export class PtyHostClient {
  readonly #options: PtyHostClientOptions;
  readonly #ptys = new Map<number, HostPty>();
  readonly #routes = new Map<number, HostPty>();
  #link: HostLink | undefined;
  #identity: { id: string; pid: number; version: string } = { id: '', pid: 0, version: '' };
  #lastChannel = 0;
  #spawning = 0;
  #reconnecting = false;
  #retired = false;
  #closed = false;
  /** The host is gone for good, or (not `isDead`) obeys a later daemon. */
  onGone: (isDead: boolean) => void = () => {};
  /** One of its PTYs was forgotten. */
  onForgotten: () => void = () => {};

  private constructor(options: PtyHostClientOptions) {
    this.#options = options;
  }

  /** Connects, claims and adopts the PTYs that the host has. Rejects as `HostLink.open`. */
  static async open(options: PtyHostClientOptions): Promise<PtyHostClient> {
    const client = new PtyHostClient(options);
    const link = await HostLink.open(options.socketPath, options.generation, client.#listener());
    client.#link = link;
    client.#identity = { id: link.hostId, pid: link.pid, version: link.version };
    try {
      const { ptys } = await link.request('list', {});
      for (const info of ptys) client.#ptys.set(info.handle, new HostPty(client.#access, info));
      return client;
    } catch (thrown) {
      client.close();
      throw thrown;
    }
  }

  /** Sessions that are being spawned count. */
  get info(): PtyHostInfo {
    return { ...this.#identity, sessions: this.#ptys.size + this.#spawning };
  }

  get connected(): boolean {
    return this.#link !== undefined;
  }

  ptys(): Pty[] {
    return [...this.#ptys.values()];
  }

  /** Rejects with TOO_MANY_SESSIONS, SHUTTING_DOWN, PTY_HOST_UNAVAILABLE; OUTCOME_UNKNOWN when the connection broke. */
  async spawn(request: SpawnRequest): Promise<Pty> {
    this.#spawning += 1;
    try {
      return await this.#spawn(request);
    } finally {
      this.#spawning -= 1;
    }
  }

  async #spawn(request: SpawnRequest): Promise<Pty> {
    const { session, file, argv, cwd, env, cols, rows } = request;
    const link = this.#connected();
    const asked = link.request('spawn', {
      session,
      file,
      argv: [...argv],
      cwd,
      env: { ...env },
      cols,
      rows,
      detachedOverflowAfterMs: request.detachedOverflowAfterMs ?? null,
    });
    const { handle, pid } = await asked.catch(thrown => {
      if (!(thrown instanceof TermError) || (thrown.code !== 'CONNECTION_LOST' && thrown.code !== 'TIMEOUT'))
        throw thrown;
      // What it still starts when it goes on is found, and forgotten, over the next connection.
      if (thrown.code === 'TIMEOUT') link.destroy(thrown);
      throw new TermError('OUTCOME_UNKNOWN', 'The pty-host did not answer; the program may have started.', {
        cause: thrown,
      });
    });
    const pty = new HostPty(this.#access, {
      handle,
      pid,
      session,
      cols,
      rows,
      sizeGeneration: 0,
      spawnSize: { cols, rows },
      logStart: 0,
      logEnd: 0,
      floor: null,
      checkpointOffset: null,
      exit: null,
      eof: false,
      idleMs: 0,
    });
    this.#ptys.set(handle, pty);
    return pty;
  }

  /** The host takes no more PTYs and leaves with its last one. */
  async retire(): Promise<void> {
    await this.#link?.request('retire', {});
    this.#retired = true;
  }

  /** Leaves the host with its sessions running. */
  close(): void {
    this.#closed = true;
    this.#link?.close();
    this.#link = undefined;
  }

  #connected(): HostLink {
    if (this.#link === undefined)
      throw new TermError('PTY_HOST_UNAVAILABLE', 'There is no connection to the pty-host.');
    return this.#link;
  }

  readonly #access: HostAccess = this.#makeAccess();

  #makeAccess(): HostAccess {
    const client = this;
    return {
      get hostId(): string {
        return client.#identity.id;
      },
      link: () => this.#connected(),
      linkIfOpen: () => this.#link,
      nextChannel: () => {
        this.#lastChannel += 1;
        return this.#lastChannel;
      },
      route: (channel, pty) => this.#routes.set(channel, pty),
      unroute: channel => this.#routes.delete(channel),
      forgotten: pty => {
        this.#ptys.delete(pty.handle);
        this.onForgotten();
      },
    };
  }

  #listener(): LinkListener {
    return {
      output: (channel, offset, bytes) => this.#routes.get(channel)?.output(channel, offset, bytes),
      checkpoint: (channel, offset, bytes) =>
        this.#routes.get(channel)?.checkpointArrived(channel, offset, bytes),
      record: (channel, name, params) => this.#routes.get(channel)?.record(channel, name, params),
      inputApplied: (channel, inputOffset) => this.#routes.get(channel)?.inputApplied(channel, inputOffset),
      closed: error => {
        this.#link = undefined;
        if (this.#closed || this.#reconnecting) return;
        if (this.#retired && this.#ptys.size === 0) this.#left();
        else void this.#reconnect(error);
      },
    };
  }

  async #reconnect(error: TermError | undefined): Promise<void> {
    this.#reconnecting = true;
    const { log } = this.#options;
    log.warn(
      { host: this.#identity.id, pid: this.#identity.pid, error },
      'lost the connection to a pty-host',
    );
    const deadlineMs = performance.now() + REFUSED_FOR_MS;
    let last = error;
    let retryMs = MIN_RETRY_MS;
    while (!this.#closed) {
      try {
        await this.#resume();
        if (this.#closed) return;
        this.#reconnecting = false;
        log.info({ host: this.#identity.id }, 'connected to the pty-host again');
        return;
      } catch (thrown) {
        last = TermError.from(thrown);
        if (this.#isGone(last, deadlineMs)) break;
      }
      await delay(retryMs);
      retryMs = Math.min(retryMs * 2, MAX_RETRY_MS);
    }
    if (!this.#closed) this.#lose(last);
  }

  async #resume(): Promise<void> {
    const link = await HostLink.open(this.#options.socketPath, this.#options.generation, this.#listener());
    if (this.#closed) return link.close();
    this.#link = link;
    try {
      await this.#restore(link);
    } catch (thrown) {
      const error = TermError.from(thrown);
      link.destroy(error);
      throw error;
    }
    if (this.#link !== link) throw new TermError('CONNECTION_LOST', 'The connection was lost again.');
  }

  async #restore(link: HostLink): Promise<void> {
    const known = [...this.#ptys.values()];
    const { ptys } = await link.request('list', {});
    const handles = new Set(ptys.map(({ handle }) => handle));
    for (const handle of handles) {
      // Spawned while the connection broke: whoever asked was told that it failed.
      if (!this.#ptys.has(handle)) await link.request('forget', { handle });
    }
    for (const pty of known) {
      if (!this.#ptys.has(pty.handle)) continue;
      if (handles.has(pty.handle)) await pty.resume(link);
      else this.#forgot(pty);
    }
  }

  /** The host was asked to forget it, and the connection broke before it said that it had. */
  #forgot(pty: HostPty): void {
    this.#ptys.delete(pty.handle);
    pty.lose(new TermError('PTY_HOST_UNAVAILABLE', 'The pty-host has forgotten this PTY.'));
    this.onForgotten();
  }

  /** A host that only does not answer is waited for: it may be stopped, and its sessions live. */
  #isGone(error: TermError, deadlineMs: number): boolean {
    if (error.code === 'STALE_REVISION' || !isAlive(this.#identity.pid)) return true;
    return isNobodyThere(error) && performance.now() > deadlineMs;
  }

  /** It was retired and has no more PTYs. */
  #left(): void {
    this.#closed = true;
    this.#options.log.info({ host: this.#identity.id }, 'a retired pty-host has left');
    this.onGone(true);
  }

  #lose(cause: TermError | undefined): void {
    this.#closed = true;
    const isDead = cause?.code !== 'STALE_REVISION';
    const what = isDead
      ? 'The pty-host is gone, and its programs with it.'
      : 'Another daemon has taken the pty-host over; its programs go on there.';
    const error = new TermError('PTY_HOST_UNAVAILABLE', what, { cause });
    this.#options.log.warn({ host: this.#identity.id, sessions: this.#ptys.size }, what);
    const ptys = [...this.#ptys.values()];
    this.#ptys.clear();
    this.onGone(isDead);
    for (const pty of ptys) pty.lose(error);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
