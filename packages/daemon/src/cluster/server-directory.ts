import { isLoopbackUrl } from '@triterm/core/domain';
import type { ServerRow, ServerTable } from '@triterm/core/store';
import type { KnownServer, ServerDirectory } from './cluster.ts';

export interface PolledDirectoryOptions {
  readonly table: Pick<ServerTable, 'listServers'>;
  /** Ids under which this server is, or was, known when it began: a host that was renamed is no other one. */
  readonly ownIds: ReadonlySet<string>;
  /** Whether a row of such an id is still this server's: another host may be called so by now. */
  isSelf(row: ServerRow): boolean;
  /** This server is one of several, whether any other one was seen yet or not. */
  readonly isOneOfSeveral: boolean;
  /** From one reading to the next while another server is about. */
  readonly everyMs?: number;
  /** … and while none is. */
  readonly aloneEveryMs?: number;
  /** Reading failed; it is tried again. Called once until it succeeds again. */
  readonly trouble: (thrown: unknown) => void;
}

const EVERY_MS = 1000;
const ALONE_EVERY_MS = 5000;
/** Who has been gone for longer is not waited for. */
const ABOUT_MS = 10 * 60_000;

/** What a row says of a server, with what was known of it before. `nowMs`: since 1970, when the row was read. */
export function knownServer(row: ServerRow, before: KnownServer | undefined, nowMs: number): KnownServer {
  const { id, advertiseUrl, hostId, bootId, incarnation, leaseLeftMs, draining } = row;
  const alive = leaseLeftMs > 0;
  const isStillGone = before?.alive === false && before.incarnation === incarnation;
  // One lapse has one time, whatever this machine's clock does from one reading to the next.
  const lapsedAt = isStillGone ? before.unreachableSince : Math.round(nowMs + leaseLeftMs);
  return {
    id,
    advertiseUrl,
    hostId,
    bootId,
    incarnation,
    alive,
    unreachableSince: alive ? null : lapsedAt,
    draining,
  };
}

/** Servers whose lease has lapsed since the reading before, or is there again. */
export function changedServers(
  before: ReadonlyMap<string, KnownServer>,
  after: ReadonlyMap<string, KnownServer>,
): KnownServer[] {
  return [...after.values()].filter(({ id, alive }) => {
    const was = before.get(id);
    return was !== undefined && was.alive !== alive;
  });
}

/**
 * Where clients may go instead of a server: those that are alive and want them. Nobody is told a loopback address: whoever came through
 * a tunnel would go to somebody else with his token.
 */
export function endpointsElsewhere(servers: readonly KnownServer[], serverId: string): string[] {
  return servers.flatMap(({ id, alive, draining, advertiseUrl }) =>
    id !== serverId && alive && !draining && advertiseUrl !== null && !isLoopbackUrl(advertiseUrl)
      ? [advertiseUrl]
      : [],
  );
}

/** Reads the table again and again. Its own server's lease is known to that better, and told to nobody here. */
export class PolledDirectory implements ServerDirectory {
  readonly #o: PolledDirectoryOptions;
  readonly #listeners = new Set<(server: KnownServer) => void>();
  #servers: ReadonlyMap<string, KnownServer> = new Map();
  #otherIds: ReadonlySet<string> = new Set();
  #reading: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failed = false;
  #closed = false;

  private constructor(options: PolledDirectoryOptions) {
    this.#o = options;
  }

  /** Resolves after the first reading, whether that succeeded or not. */
  static async open(options: PolledDirectoryOptions): Promise<PolledDirectory> {
    const directory = new PolledDirectory(options);
    await directory.#turn();
    return directory;
  }

  async find(id: string): Promise<KnownServer | undefined> {
    const known = this.#servers.get(id);
    if (known !== undefined || this.#closed) return known;
    await this.#read();
    return this.#servers.get(id);
  }

  list(): readonly KnownServer[] {
    return [...this.#servers.values()];
  }

  get hasOthers(): boolean {
    return this.#otherIds.size > 0;
  }

  get mayHaveOthers(): boolean {
    return this.hasOthers || this.#o.isOneOfSeveral;
  }

  isOwn(id: string): boolean {
    return this.#o.ownIds.has(id) && !this.#otherIds.has(id);
  }

  async refresh(): Promise<void> {
    // One that is under way may have missed what made the caller ask.
    await this.#reading;
    await this.#read();
  }

  watch(listener: (server: KnownServer) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#listeners.clear();
  }

  #others(): KnownServer[] {
    return this.list().filter(({ id }) => this.#otherIds.has(id));
  }

  #isSelf(row: ServerRow): boolean {
    return this.#o.ownIds.has(row.id) && this.#o.isSelf(row);
  }

  async #turn(): Promise<void> {
    await this.#read();
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#turn(), this.#nextInMs()).unref();
  }

  #nextInMs(): number {
    const { everyMs = EVERY_MS, aloneEveryMs = ALONE_EVERY_MS } = this.#o;
    const since = Date.now() - ABOUT_MS;
    const isAlone = this.#others().every(({ unreachableSince }) => (unreachableSince ?? Infinity) < since);
    return isAlone ? aloneEveryMs : everyMs;
  }

  /** Those who ask at the same time share one reading. Never rejects. */
  #read(): Promise<void> {
    this.#reading ??= this.#readOnce().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readOnce(): Promise<void> {
    let rows: readonly ServerRow[];
    try {
      rows = await this.#o.table.listServers();
    } catch (thrown) {
      if (!this.#failed && !this.#closed) this.#o.trouble(thrown);
      this.#failed = true;
      return;
    }
    if (this.#closed) return;
    this.#failed = false;
    const before = this.#servers;
    const nowMs = Date.now();
    this.#servers = new Map(rows.map(row => [row.id, knownServer(row, before.get(row.id), nowMs)]));
    this.#otherIds = new Set(rows.filter(row => !this.#isSelf(row)).map(({ id }) => id));
    for (const server of changedServers(before, this.#servers)) {
      if (!this.#otherIds.has(server.id)) continue;
      for (const listener of [...this.#listeners]) listener(server);
    }
  }
}
