import type { ServerIdentity, ServerRow, ServerTable } from '../database.ts';

/** Taken off a lease before it is believed: clocks of two machines do not run at the same speed. */
const SAFETY_MS = 2000;

export interface LeaseKeeperOptions {
  readonly table: ServerTable;
  readonly identity: ServerIdentity;
  /** 15 s unless a test wants less. */
  readonly leaseMs: number;
  /** The lease is renewed this often; a third of it. */
  readonly renewMs: number;
  /** A new incarnation has registered, after the one before was lost. What that one told others is to be told again. */
  readonly reincarnated: (incarnation: number) => void;
  /** Renewing failed, or registering again. It is tried again. */
  readonly trouble: (thrown: unknown) => void;
}

/**
 * Keeps this server's lease in the database. While it is held, others take the server for alive. A lease that was lost is
 * never renewed: a new incarnation registers.
 */
export class LeaseKeeper {
  readonly #o: LeaseKeeperOptions;
  #incarnation = 0;
  #heldUntilMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #renewing: Promise<void> | undefined;
  #closed = false;

  constructor(options: LeaseKeeperOptions) {
    this.#o = options;
  }

  /** Registers. Rejects with SERVER_ID_TAKEN, or as the database does. */
  async start(): Promise<ServerRow> {
    const row = await this.#register();
    this.#timer = setInterval(() => this.#tick(), this.#o.renewMs).unref();
    return row;
  }

  get serverId(): string {
    return this.#o.identity.id;
  }

  get incarnation(): number {
    return this.#incarnation;
  }

  /** Whether this server may act as itself: by the time that was taken before the lease was asked for. */
  get held(): boolean {
    return performance.now() < this.#heldUntilMs;
  }

  /** Milliseconds for which it is held; negative when it is not. */
  get leftMs(): number {
    return Math.round(this.#heldUntilMs - performance.now());
  }

  /** Ends the lease, so that others see at once that this server is gone. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#renewing;
    this.#heldUntilMs = Number.NEGATIVE_INFINITY;
    if (this.#incarnation === 0) return;
    await this.#o.table.releaseServer(this.#o.identity.id, this.#incarnation).catch(this.#o.trouble);
  }

  #tick(): void {
    this.#renewing ??= this.#renew()
      .catch(this.#o.trouble)
      .finally(() => {
        this.#renewing = undefined;
      });
  }

  async #renew(): Promise<void> {
    const { table, identity, leaseMs, reincarnated } = this.#o;
    const askedAtMs = performance.now();
    if (await table.renewServer(identity.id, this.#incarnation, leaseMs)) {
      this.#hold(askedAtMs);
      return;
    }
    this.#heldUntilMs = Number.NEGATIVE_INFINITY;
    if (this.#closed) return;
    const { incarnation } = await this.#register();
    reincarnated(incarnation);
  }

  async #register(): Promise<ServerRow> {
    const { table, identity, leaseMs } = this.#o;
    const askedAtMs = performance.now();
    const row = await table.registerServer(identity, leaseMs);
    this.#incarnation = row.incarnation;
    this.#hold(askedAtMs);
    return row;
  }

  #hold(askedAtMs: number): void {
    const { leaseMs } = this.#o;
    this.#heldUntilMs = askedAtMs + leaseMs - Math.min(SAFETY_MS, leaseMs / 4);
  }
}
