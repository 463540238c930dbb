import { maySee, type Principal } from '@triterm/core/domain';
import type { SessionEvent } from '@triterm/core/protocol';

/** An event, and whom it concerns. */
export interface Told {
  readonly event: SessionEvent;
  /** Whose session it is; undefined for what concerns a server. */
  readonly userId: string | undefined;
}

/** What somebody wants to hear of. */
export interface Interest {
  readonly principal: Principal;
  /** Id of the only session; undefined for all that the principal may see. */
  readonly session: string | undefined;
  /** Of every server, not of this one only. */
  readonly all: boolean;
}

/** Of whom an event is: a session, as every event names it. */
export interface EventSubject {
  readonly id: string;
  readonly name: string;
  readonly userId: string;
}

type Subscriber = (event: SessionEvent) => void;

/** What is told of servers to everybody: it says which sessions can be reached. The rest is for those who run them. */
const OF_SERVERS: ReadonlySet<SessionEvent['type']> = new Set(['serverGone', 'serverBack']);

/** Tells whoever subscribed what happens to sessions, as far as they may see it. */
export class EventBus {
  readonly #serverId: string;
  readonly #subscribers = new Map<Subscriber, Interest>();
  #ready: Promise<void> = Promise.resolve();
  #own: ((told: Told) => void) | undefined;
  #audience: ((wanted: boolean) => Promise<void>) | undefined;

  constructor(serverId: string) {
    this.#serverId = serverId;
  }

  /** Returns what ends the subscription. What happens on other servers is told from when `ready` resolves. */
  subscribe(interest: Interest, subscriber: Subscriber): () => void {
    this.#change(() => this.#subscribers.set(subscriber, interest));
    return () => this.#change(() => this.#subscribers.delete(subscriber));
  }

  /** Somebody wants to hear of other servers. */
  get hasFleetAudience(): boolean {
    for (const { all } of this.#subscribers.values()) if (all) return true;
    return false;
  }

  /** Resolves when nothing that happens on other servers from now on is missed, for those who want to hear of it. Never rejects. */
  get ready(): Promise<void> {
    return this.#ready;
  }

  /**
   * `own` hears of everything that happens here, `audience` when the first one or nobody wants to hear of other servers; it resolves
   * when they can be heard, and never rejects. One at a time.
   */
  connect(own: (told: Told) => void, audience: (wanted: boolean) => Promise<void>): void {
    this.#own = own;
    this.#audience = audience;
  }

  /** Something that concerns the server and no session. */
  emitOfServer(type: SessionEvent['type'], data: SessionEvent['data']): void {
    this.#happened(type, { id: '', name: '', userId: undefined }, data);
  }

  emit(type: SessionEvent['type'], session: EventSubject, data: SessionEvent['data'] = {}): void {
    this.#happened(type, session, data);
  }

  /** Something that happened on another server, for those who want to hear of it. */
  pass(told: Told): void {
    this.#tell(told, ({ all }) => all);
  }

  #happened(
    type: SessionEvent['type'],
    subject: { readonly id: string; readonly name: string; readonly userId: string | undefined },
    data: SessionEvent['data'],
  ): void {
    if (this.#subscribers.size === 0 && this.#own === undefined) return;
    const told: Told = {
      event: {
        type,
        at: new Date().toISOString(),
        session: subject.id,
        name: subject.name,
        server: this.#serverId,
        data,
      },
      userId: subject.userId,
    };
    this.#tell(told, () => true);
    this.#own?.(told);
  }

  #tell(told: Told, wants: (interest: Interest) => boolean): void {
    for (const [subscriber, interest] of this.#subscribers)
      if (wants(interest) && concerns(told, interest)) subscriber(told.event);
  }

  #change(change: () => void): void {
    const before = this.hasFleetAudience;
    change();
    const after = this.hasFleetAudience;
    if (before !== after) this.#ready = this.#audience?.(after) ?? Promise.resolve();
  }
}

/** Whether an event is of what somebody asked for and may see. */
function concerns({ event, userId }: Told, { principal, session }: Interest): boolean {
  if (session !== undefined && session !== event.session) return false;
  if (userId !== undefined) return maySee(principal, { id: event.session, userId });
  if (principal.sessionId !== undefined) return false;
  return OF_SERVERS.has(event.type) || principal.scope === 'admin';
}
