import { newToken } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { ConnectionTable } from '@triterm/core/store';

export interface ConnectionLedgerOptions {
  readonly table: ConnectionTable;
  readonly serverId: string;
  /** Of this server, as it is now. */
  readonly incarnation: () => number;
  /** Connections that a user may have open, over all servers, as it is now. */
  readonly limit: () => number;
  readonly trouble: (what: string, thrown: unknown) => void;
}

/** Connections that end together leave the database in one write. */
const CLOSE_WITHIN_MS = 50;
/** What could not be written is written again after this time. */
const RETRY_MS = 1000;

/**
 * This server's part of the connections that are counted over all servers. Whatever goes wrong is mended by one write of all that are
 * open: after a failure, and when the server has a new incarnation.
 */
export class ConnectionLedger {
  readonly #o: ConnectionLedgerOptions;
  readonly #open = new Map<string, string>();
  readonly #opening = new Set<Promise<void>>();
  /** By user: the end of the last one that waits. */
  readonly #turns = new Map<string, Promise<void>>();
  /** Ended, and not yet written; what is open bounds it. */
  readonly #ended = new Set<string>();
  /** The incarnation that the database has our connections of; undefined when it may have others than those. */
  #writtenAs: number | undefined;
  /** How often the database was doubted. */
  #doubts = 0;
  #rewriting: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isInTrouble = false;
  #closed = false;

  constructor(options: ConnectionLedgerOptions) {
    this.#o = options;
  }

  /**
   * Counts one more; returns its id. A user's take turns: in the database they would, and keep its connections waiting. Rejects with
   * TOO_MANY_CONNECTIONS, STORE_UNAVAILABLE when the turn does not come within `waitMs`, or as the database does.
   */
  open(userId: string, waitMs: number): Promise<string> {
    const lateMs = performance.now() + waitMs;
    const before = this.#turns.get(userId) ?? Promise.resolve();
    const opening = before.then(() => {
      // Whoever waited for it is not there any more.
      if (performance.now() <= lateMs) return this.#enter(userId);
      throw new TermError('STORE_UNAVAILABLE', 'Connections are not counted fast enough.');
    });
    const turn = opening
      .then(
        () => {},
        () => {},
      )
      .then(() => {
        if (this.#turns.get(userId) === turn) this.#turns.delete(userId);
      });
    this.#turns.set(userId, turn);
    return opening;
  }

  /**
   * One more while the database can't count: it is entered with all the others as soon as it can. Throws TOO_MANY_CONNECTIONS when the
   * user has the limit on this server alone.
   */
  openUncounted(userId: string): string {
    const mine = [...this.#open.values()].filter(user => user === userId).length;
    if (mine >= this.#o.limit())
      throw new TermError(
        'TOO_MANY_CONNECTIONS',
        `User ${userId} has ${mine} connections, the most that are allowed.`,
      );
    const id = newToken();
    this.#open.set(id, userId);
    this.#doubt();
    return id;
  }

  release(id: string): void {
    if (!this.#open.delete(id)) return;
    this.#ended.add(id);
    this.#flushIn(CLOSE_WITHIN_MS);
  }

  /** What is open ends with the server's lease. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #enter(userId: string): Promise<string> {
    // Nobody is entered while all are written anew, not even after a wait for that.
    while (this.#rewriting !== undefined || !this.#agrees) await this.#reconcile();
    const { table, serverId, incarnation, limit } = this.#o;
    const id = newToken();
    const entering = table.openConnection({ id, userId, serverId, incarnation: incarnation() }, limit());
    this.#opening.add(entering);
    try {
      await entering;
    } catch (thrown) {
      // Else it may have been entered all the same.
      if (!(thrown instanceof TermError) || thrown.code !== 'TOO_MANY_CONNECTIONS') this.#doubt();
      throw thrown;
    } finally {
      this.#opening.delete(entering);
    }
    this.#open.set(id, userId);
    return id;
  }

  get #agrees(): boolean {
    return this.#writtenAs === this.#o.incarnation();
  }

  /** Makes the database agree with what is open, if it does not. Rejects as the database does. */
  async #reconcile(): Promise<void> {
    if (this.#rewriting === undefined && this.#agrees) return;
    this.#rewriting ??= this.#rewrite().finally(() => {
      this.#rewriting = undefined;
    });
    await this.#rewriting;
  }

  async #rewrite(): Promise<void> {
    const { table, serverId, incarnation: current } = this.#o;
    // Whoever is being entered now is not open yet, and would be taken for one that has ended.
    await Promise.allSettled(this.#opening);
    const incarnation = current();
    const ended = [...this.#ended];
    const open = [...this.#open].map(([id, userId]) => ({ id, userId }));
    const doubts = this.#doubts;
    await table.replaceConnections(serverId, incarnation, open);
    for (const id of ended) this.#ended.delete(id);
    // What was opened meanwhile, without being counted, is not in there.
    if (this.#doubts === doubts) this.#writtenAs = incarnation;
  }

  /** What the database has may be wrong. */
  #doubt(): void {
    this.#doubts += 1;
    this.#writtenAs = undefined;
    this.#flushIn(RETRY_MS);
  }

  #flushIn(delayMs: number): void {
    if (this.#closed || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => void this.#flush(), delayMs).unref();
  }

  async #flush(): Promise<void> {
    try {
      await this.#reconcile();
      const ids = [...this.#ended];
      if (ids.length > 0) await this.#o.table.closeConnections(ids);
      for (const id of ids) this.#ended.delete(id);
      this.#timer = undefined;
      this.#isInTrouble = false;
      if (this.#ended.size > 0 || !this.#agrees) this.#flushIn(CLOSE_WITHIN_MS);
    } catch (thrown) {
      if (!this.#isInTrouble) this.#o.trouble('counting connections', thrown);
      this.#isInTrouble = true;
      this.#timer = undefined;
      this.#doubt();
    }
  }
}
