import type { Attachment } from './attachment.ts';
import type { Session } from './session.ts';

/** What is looked at of a client. */
export type IdleClient = Pick<Attachment, 'activeAtMs' | 'role'>;

/** What is looked at of a session. */
export interface UsedSession<C extends IdleClient> extends Pick<Session, 'id' | 'row' | 'activeAtMs'> {
  readonly live: { readonly attachments: ReadonlySet<C> } | undefined;
}

export interface IdleLimitsDependencies<C extends IdleClient, S extends UsedSession<C>> {
  readonly registry: { all(): readonly S[] };
  /** As they are now; `restart` takes up a change. */
  readonly limits: {
    /** 0: never. */
    readonly idleSessionMs: number;
    /** 0: never. */
    readonly idleClientMs: number;
  };
  /** Ends a session that nobody uses. */
  end(session: S): Promise<void>;
  /** Lets a client go that types nothing. */
  dismiss(session: S, client: C): void;
  trouble(session: string, what: string, error: unknown): void;
}

/** A limit is kept within a quarter of it, and looked at this often at most and at least. */
const MIN_INTERVAL_MS = 100;
const MAX_INTERVAL_MS = 30_000;

/** Ends sessions that nobody uses, and lets clients go that type nothing, where that is configured. */
export class IdleLimits<C extends IdleClient, S extends UsedSession<C>> {
  readonly #d: IdleLimitsDependencies<C, S>;
  #timers: NodeJS.Timeout[] = [];
  /** Monotonic time at which a session was last seen with a client. */
  readonly #attachedAtMs = new WeakMap<S, number>();
  readonly #ending = new WeakSet<S>();

  constructor(dependencies: IdleLimitsDependencies<C, S>) {
    this.#d = dependencies;
    this.#start();
  }

  /** Looks as often as the limits want it now. */
  restart(): void {
    this.stop();
    this.#start();
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
  }

  #start(): void {
    const { idleSessionMs, idleClientMs } = this.#d.limits;
    this.#every(idleSessionMs, () => this.#endIdle());
    this.#every(idleClientMs, () => this.#dismissIdle());
  }

  #every(limitMs: number, look: () => void): void {
    if (limitMs === 0) return;
    const intervalMs = Math.min(MAX_INTERVAL_MS, Math.max(MIN_INTERVAL_MS, limitMs / 4));
    this.#timers.push(setInterval(look, intervalMs).unref());
  }

  #endIdle(): void {
    const nowMs = performance.now();
    for (const session of this.#d.registry.all()) {
      const { live, row } = session;
      if (live === undefined || row.state !== 'running' || this.#ending.has(session)) continue;
      if (live.attachments.size > 0) this.#attachedAtMs.set(session, nowMs);
      const usedAtMs = Math.max(session.activeAtMs, this.#attachedAtMs.get(session) ?? 0);
      if (nowMs - usedAtMs < this.#d.limits.idleSessionMs) continue;
      this.#ending.add(session);
      this.#d
        .end(session)
        .catch(error => this.#d.trouble(session.id, 'ending a session that nobody uses', error))
        .finally(() => this.#ending.delete(session));
    }
  }

  /** Who only looks on types nothing anyway. */
  #dismissIdle(): void {
    const nowMs = performance.now();
    for (const session of this.#d.registry.all()) {
      for (const client of [...(session.live?.attachments ?? [])])
        if (client.role === 'controller' && nowMs - client.activeAtMs >= this.#d.limits.idleClientMs)
          this.#d.dismiss(session, client);
    }
  }
}
