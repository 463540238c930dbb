/** Senders that are kept in mind; the one that was silent longest is forgotten. */
const MAX_SENDERS = 256;
/** Numbers that may still come out of order, over another way than the ones after them. */
const MAX_MISSING = 64;

interface Sender {
  highest: number;
  readonly missing: Set<number>;
}

/** How a message arrives: in turn, with others before it missing, as one of those, or once more. */
export type Arrival = 'next' | 'gap' | 'late' | 'again';

/** Which of the senders' numbered messages have come: they may take two ways, and get lost on both. */
export class FleetEventsArrival {
  readonly #senders = new Map<string, Sender>();

  came(from: string, seq: number): Arrival {
    const known = this.#senders.get(from);
    const sender = known ?? { highest: seq, missing: new Set() };
    this.#senders.delete(from);
    this.#senders.set(from, sender);
    if (known === undefined) {
      const [oldest] = this.#senders.keys();
      if (this.#senders.size > MAX_SENDERS && oldest !== undefined) this.#senders.delete(oldest);
      return seq === 1 ? 'next' : 'gap';
    }
    if (seq <= sender.highest) return sender.missing.delete(seq) ? 'late' : 'again';
    const isNext = seq === sender.highest + 1;
    for (let lost = Math.max(sender.highest + 1, seq - MAX_MISSING); lost < seq; lost++)
      sender.missing.add(lost);
    for (const lost of sender.missing) if (sender.missing.size > MAX_MISSING) sender.missing.delete(lost);
    sender.highest = seq;
    return isNext ? 'next' : 'gap';
  }
}
