import type { HandOver } from '@triterm/core/domain';

/** Who has asked and was not answered for this long is told so. */
export const REQUEST_LAPSE_MS = 30_000;

/** Clients that ask to be the primary one, in the order in which they asked last. */
export class HandOverRequests<Client> {
  /** When each has asked: monotonic milliseconds. */
  readonly #askedAtMs = new Map<Client, number>();

  ask(client: Client, nowMs: number): void {
    this.#askedAtMs.delete(client);
    this.#askedAtMs.set(client, nowMs);
  }

  /** The client has come back as another one, which has asked as long. */
  replace(before: Client, after: Client): void {
    const all = [...this.#askedAtMs];
    this.#askedAtMs.clear();
    for (const [client, askedAtMs] of all) this.#askedAtMs.set(client === before ? after : client, askedAtMs);
  }

  /** Whether it had asked. */
  end(client: Client): boolean {
    return this.#askedAtMs.delete(client);
  }

  /** Oldest first. */
  get all(): readonly Client[] {
    return [...this.#askedAtMs.keys()];
  }

  /** Ends those that have waited too long; returns them. */
  lapse(nowMs: number): readonly Client[] {
    const lapsed = [...this.#askedAtMs].filter(([, askedAtMs]) => nowMs - askedAtMs >= REQUEST_LAPSE_MS);
    for (const [client] of lapsed) this.#askedAtMs.delete(client);
    return lapsed.map(([client]) => client);
  }

  /** When the next one has waited too long; undefined while nobody asks. */
  get lapsesAtMs(): number | undefined {
    const [first] = this.#askedAtMs.values();
    return first === undefined ? undefined : first + REQUEST_LAPSE_MS;
  }
}

/** Whether a client that attaches becomes the primary one. `isReturning`: it only reconnects. */
export function takesByAttaching(
  policy: HandOver,
  { hasPrimary, isReturning }: { readonly hasPrimary: boolean; readonly isReturning: boolean },
): boolean {
  return !hasPrimary || (policy === 'typing' && !isReturning);
}

/** Whether a client may be made the primary one without the present one's consent. */
export function mayTake(
  policy: HandOver,
  { hasOther, isAdmin }: { readonly hasOther: boolean; readonly isAdmin: boolean },
): boolean {
  return policy !== 'request' || !hasOther || isAdmin;
}
