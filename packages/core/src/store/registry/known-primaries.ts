import type { KnownPrimary } from '../redis/redis-socket-registry.ts';

/** Forgets the oldest beyond. */
const MAX_TERMINALS = 20_000;

/** Whom this server last knew as primary of each terminal: the answer while Redis is away, and what it is told when it lost it. */
export class KnownPrimaries {
  readonly #byTerminal = new Map<string, KnownPrimary>();
  /** Sockets of this server that were made primary here and are still there. */
  readonly #own = new Map<string, string>();

  get(terminalId: string): KnownPrimary | undefined {
    return this.#byTerminal.get(terminalId);
  }

  /**
   * What Redis is to be told of these. An own socket has its place again when another server's, which had taken it, is gone: one that was
   * cut off has hand-overs of its own, and learns late that the session is not its any more.
   */
  of(terminalIds: Iterable<string>): Map<string, KnownPrimary> {
    const known = new Map<string, KnownPrimary>();
    for (const terminalId of terminalIds) {
      const last = this.#byTerminal.get(terminalId);
      const own = this.#own.get(terminalId);
      const primary = last?.force === true || own === undefined ? last : { socketId: own, force: false };
      if (primary !== undefined) known.set(terminalId, primary);
    }
    return known;
  }

  /** A socket of this server was made primary here; undefined: another server's was. */
  chosen(terminalId: string, own: string | undefined): void {
    if (own === undefined) this.#own.delete(terminalId);
    else this.#own.set(terminalId, own);
  }

  /** Handed over while Redis did not hear of it. */
  decided(terminalId: string, socketId: string): void {
    this.#set(terminalId, { socketId, force: true });
  }

  /** What Redis says; it yields to a hand-over that Redis has not heard of. `told` is what Redis was told of in the same call. */
  learned(terminalId: string, socketId: string | undefined, told?: KnownPrimary): void {
    const known = this.#byTerminal.get(terminalId);
    if (known?.force === true && known !== told) return;
    if (socketId === undefined) this.#byTerminal.delete(terminalId);
    else this.#set(terminalId, { socketId, force: false });
  }

  /** The socket has left the terminal. */
  left(terminalId: string, socketId: string): void {
    if (this.#byTerminal.get(terminalId)?.socketId === socketId) this.#byTerminal.delete(terminalId);
    if (this.#own.get(terminalId) === socketId) this.#own.delete(terminalId);
  }

  clear(): void {
    this.#byTerminal.clear();
    this.#own.clear();
  }

  #set(terminalId: string, known: KnownPrimary): void {
    this.#byTerminal.delete(terminalId);
    this.#byTerminal.set(terminalId, known);
    const [oldest] = this.#byTerminal.keys();
    if (this.#byTerminal.size > MAX_TERMINALS && oldest !== undefined) this.#byTerminal.delete(oldest);
  }
}
