import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { checkSocketPath, ensureSecureDir, type Paths } from '@triterm/core/config';
import { TermError } from '@triterm/core/errors';
import { VERSION } from '@triterm/core/protocol';
import { activateHost } from './activate-host.ts';
import { isNobodyThere } from './host-link.ts';
import type { Pty, PtyHostInfo, PtyHosts, SpawnRequest } from './pty.ts';
import { type HostLog, PtyHostClient } from './pty-host-client.ts';
import { startHost } from './start-host.ts';

export interface PtyHostsOptions {
  readonly paths: Pick<Paths, 'hostsDir'>;
  readonly log: HostLog;
  /** Raised under the daemon's lock at every start: hosts obey the highest. */
  readonly generation: number;
  /** PTYs that one host holds at most. */
  readonly maxPerHost?: number;
  /** Where the service manager starts a host for each connection; we start them ourselves when missing. */
  readonly activationSocket?: string | undefined;
}

const DEFAULT_MAX_PER_HOST = 256;
/** A host that does not listen by then has failed to start. */
const START_TIMEOUT_MS = 10_000;
const START_POLL_MS = 5;
/** How long the daemon waits for the hosts before it serves; those that answer later are adopted then. */
const ADOPT_MS = 1000;
/** How long a socket may break connections until it is left alone. */
const DYING_MS = 1000;
const DYING_POLL_MS = 20;

/**
 * Finds the hosts there are and adopts their PTYs. Rejects with UNSAFE_PATH when their directory is not ours alone, and with
 * BAD_CONFIG when no host could listen in it because its path is too long.
 */
export async function openPtyHosts(options: PtyHostsOptions): Promise<{ hosts: PtyHosts; adopted: Pty[] }> {
  checkSocketPath(join(options.paths.hostsDir, `${newHostId(options)}.sock`));
  ensureSecureDir(options.paths.hostsDir);
  const supervisor = new Supervisor(options);
  await supervisor.adopt();
  return { hosts: supervisor, adopted: supervisor.ptys() };
}

/** What the names of hosts begin with that the service manager has started: a daemon under it can tell them from others. */
const UNIT_PREFIX = 'unit-';

function newHostId({ activationSocket }: Pick<PtyHostsOptions, 'activationSocket'>): string {
  return `${activationSocket === undefined ? '' : UNIT_PREFIX}${randomBytes(4).toString('hex')}`;
}

class Supervisor implements PtyHosts {
  readonly #options: PtyHostsOptions;
  readonly #hosts = new Map<string, PtyHostClient>();
  /** Hosts that refused a spawn though they seemed to have room, until one of their PTYs is forgotten. */
  readonly #refusing = new WeakSet<PtyHostClient>();
  readonly unanswered = new Map<string, Promise<readonly Pty[]>>();
  #starting: Promise<PtyHostClient> | undefined;
  #closed = false;

  constructor(options: PtyHostsOptions) {
    this.#options = options;
  }

  get #maxPerHost(): number {
    return this.#options.maxPerHost ?? DEFAULT_MAX_PER_HOST;
  }

  ptys(): Pty[] {
    return [...this.#hosts.values()].flatMap(host => host.ptys());
  }

  list(): readonly PtyHostInfo[] {
    return [...this.#hosts.values()].map(host => host.info);
  }

  async adopt(): Promise<void> {
    const names = await readdir(this.#options.paths.hostsDir);
    const ids = names.filter(name => name.endsWith('.sock')).map(name => basename(name, '.sock'));
    const adopting = ids.map(async id => {
      const adopted = this.#adoptOne(id);
      this.unanswered.set(id, adopted);
      await adopted;
      this.unanswered.delete(id);
    });
    const enough = new AbortController();
    const deadline = delay(ADOPT_MS, undefined, { signal: enough.signal }).catch(() => {});
    await Promise.race([Promise.all(adopting), deadline]);
    enough.abort();
  }

  /** What the host holds; nothing when it is gone or not to be had. One that is silent is asked until it answers. */
  async #adoptOne(id: string): Promise<readonly Pty[]> {
    const { log } = this.#options;
    const socketPath = this.#socketPath(id);
    while (!this.#closed) {
      try {
        const host = await this.#connectPatiently(socketPath);
        if (this.#closed) host.close();
        else this.#add(host);
        return host.ptys();
      } catch (thrown) {
        const error = TermError.from(thrown);
        if (error.code === 'TIMEOUT') {
          log.warn({ socketPath }, 'a pty-host does not answer; its sessions wait for it');
          continue;
        }
        if (isNobodyThere(error)) {
          await rm(socketPath, { force: true });
          log.info({ socketPath }, 'removed the socket of a pty-host that is gone');
        } else {
          log.warn({ socketPath, error }, 'cannot adopt a pty-host; its sessions go on without us');
        }
        return [];
      }
    }
    return [];
  }

  /** A socket of a host that has just died takes connections for a moment, and breaks them. */
  async #connectPatiently(socketPath: string): Promise<PtyHostClient> {
    const deadlineMs = performance.now() + DYING_MS;
    for (;;) {
      try {
        return await this.#connect(socketPath);
      } catch (thrown) {
        const error = TermError.from(thrown);
        const isBroken = error.code === 'CONNECTION_LOST' && !isNobodyThere(error);
        if (!isBroken || performance.now() > deadlineMs) throw error;
      }
      await delay(DYING_POLL_MS);
    }
  }

  #connect(socketPath: string): Promise<PtyHostClient> {
    const { generation, log } = this.#options;
    return PtyHostClient.open({ socketPath, generation, log });
  }

  #add(host: PtyHostClient): void {
    const { id } = host.info;
    this.#hosts.set(id, host);
    host.onGone = isDead => void this.#drop(id, isDead);
    host.onForgotten = () => {
      this.#refusing.delete(host);
      void this.#retireIfOld(host);
    };
    void this.#retireIfOld(host);
  }

  async #drop(id: string, isDead: boolean): Promise<void> {
    this.#hosts.delete(id);
    if (isDead) await rm(this.#socketPath(id), { force: true }).catch(() => {});
  }

  /** An empty host of another release is of no more use: new sessions go to ours. */
  async #retireIfOld(host: PtyHostClient): Promise<void> {
    if (host.info.version !== VERSION && host.info.sessions === 0) await this.#retire(host);
  }

  async retire(): Promise<void> {
    await Promise.all([...this.#hosts.values()].map(host => this.#retire(host)));
  }

  async #retire(host: PtyHostClient): Promise<void> {
    await host.retire().catch(error => this.#options.log.warn({ error }, 'a pty-host does not retire'));
  }

  async spawn(request: SpawnRequest): Promise<Pty> {
    for (;;) {
      if (this.#closed) throw new TermError('SHUTTING_DOWN', 'The daemon is about to end.');
      const host = this.#withRoom() ?? (await this.#start());
      try {
        return await host.spawn(request);
      } catch (thrown) {
        const error = TermError.from(thrown);
        if (error.code !== 'TOO_MANY_SESSIONS' && error.code !== 'SHUTTING_DOWN') throw error;
        this.#refusing.add(host);
      }
    }
  }

  #withRoom(): PtyHostClient | undefined {
    for (const host of this.#hosts.values()) {
      const { id, version, sessions } = host.info;
      // Under a service manager others would end with the login that they were started from.
      const isOurs = this.#options.activationSocket === undefined || id.startsWith(UNIT_PREFIX);
      const isUsable = isOurs && host.connected && version === VERSION && !this.#refusing.has(host);
      if (isUsable && sessions < this.#maxPerHost) return host;
    }
    return undefined;
  }

  /** One host at a time, however many sessions are asked for at once. */
  #start(): Promise<PtyHostClient> {
    this.#starting ??= this.#startOne().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  async #startOne(): Promise<PtyHostClient> {
    const id = newHostId(this.#options);
    const socketPath = this.#socketPath(id);
    const { activationSocket } = this.#options;
    const { exited } =
      activationSocket === undefined
        ? await startHost(socketPath, this.#maxPerHost)
        : await activateHost(activationSocket, socketPath, this.#maxPerHost);
    let hasExited = false;
    void exited.then(() => {
      hasExited = true;
    });
    const host = await this.#await(socketPath, () => hasExited);
    this.#options.log.info({ host: id, pid: host.info.pid }, 'started a pty-host');
    this.#add(host);
    return host;
  }

  async #await(socketPath: string, hasExited: () => boolean): Promise<PtyHostClient> {
    const deadlineMs = performance.now() + START_TIMEOUT_MS;
    for (;;) {
      // Asked before: what it knew of its end may be older than its socket.
      const isLast = hasExited() || performance.now() > deadlineMs;
      try {
        return await this.#connect(socketPath);
      } catch (cause) {
        const isNotYet = isNobodyThere(TermError.from(cause));
        if (!isNotYet || isLast)
          throw new TermError('PTY_HOST_UNAVAILABLE', 'The pty-host that was started does not answer.', {
            cause,
          });
      }
      await delay(START_POLL_MS);
    }
  }

  #socketPath(id: string): string {
    return join(this.#options.paths.hostsDir, `${basename(id)}.sock`);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#starting?.catch(() => {});
    for (const host of this.#hosts.values()) host.close();
    this.#hosts.clear();
  }
}
