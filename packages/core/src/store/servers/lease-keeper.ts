import type { ServerIdentity, ServerRow, ServerTable } from '../database.ts';
import { withDeadline } from '../deadline.ts';

/** Taken off a lease before it is believed: clocks of two machines do not run at the same speed. */
const SAFETY_MS = 2000;

export interface LeaseKeeperOptions {
  readonly table: Pick<ServerTable, 'registerServer' | 'renewServer' | 'releaseServer'>;
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
  #heldUntil: Moment = NEVER;
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
    return msUntil(this.#heldUntil) > 0;
  }

  /** Milliseconds for which it is held; negative when it is not. */
  get leftMs(): number {
    return Math.round(msUntil(this.#heldUntil));
  }

  /**
   * Whether it is held; one that is not is asked for at once, and awaited for that time. `refused`: an incarnation that the database
   * takes for lapsed, whatever the clocks here say. Does not reject: what went wrong is told as trouble.
   */
  async ensure(timeoutMs: number, refused?: number): Promise<boolean> {
    if (refused === this.#incarnation) this.#heldUntil = NEVER;
    if (this.held || this.#closed) return this.held;
    this.#tick();
    if (this.#renewing !== undefined)
      await withDeadline(this.#renewing, timeoutMs, () => new Error('not in time')).catch(() => {});
    return this.held;
  }

  /** Ends the lease, so that others see at once that this server is gone. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#renewing;
    this.#heldUntil = NEVER;
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
    const askedAt = now();
    if (await table.renewServer(identity.id, this.#incarnation, leaseMs)) {
      this.#hold(askedAt);
      return;
    }
    this.#heldUntil = NEVER;
    if (this.#closed) return;
    const { incarnation } = await this.#register();
    reincarnated(incarnation);
  }

  async #register(): Promise<ServerRow> {
    const { table, identity, leaseMs } = this.#o;
    const askedAt = now();
    const row = await table.registerServer(identity, leaseMs);
    this.#incarnation = row.incarnation;
    this.#hold(askedAt);
    return row;
  }

  #hold(askedAt: Moment): void {
    const { leaseMs } = this.#o;
    const heldMs = leaseMs - Math.min(SAFETY_MS, leaseMs / 4);
    this.#heldUntil = { monotonicMs: askedAt.monotonicMs + heldMs, wallMs: askedAt.wallMs + heldMs };
  }
}

/**
 * By two clocks: the monotonic one stands still while the machine is suspended, the other one can be set. Whichever says first that a
 * lease is over is believed: an error costs one renewal.
 */
interface Moment {
  readonly monotonicMs: number;
  /** Since 1970. */
  readonly wallMs: number;
}

/** Before every other one. */
const NEVER: Moment = { monotonicMs: Number.NEGATIVE_INFINITY, wallMs: Number.NEGATIVE_INFINITY };

function now(): Moment {
  return { monotonicMs: performance.now(), wallMs: Date.now() };
}

/** Milliseconds; negative when it is over. */
function msUntil(moment: Moment): number {
  return Math.min(moment.monotonicMs - performance.now(), moment.wallMs - Date.now());
}
