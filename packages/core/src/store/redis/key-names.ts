/** Everything of ours in Redis begins with this; nothing else is ever touched. */
export const KEY_PREFIX = 'triterm:';
/** Invalidations and heartbeats of all servers. */
export const EVENT_CHANNEL = `${KEY_PREFIX}events`;
/** What daemons tell each other. */
export const DAEMON_CHANNEL = `${EVENT_CHANNEL}:daemon`;

/**
 * Names of keys, as an operator may look them up. In a cluster a terminal's id stands in braces, so that all of one
 * terminal's keys lie in one slot.
 */
export class KeyNames {
  readonly #tagged: boolean;

  constructor(cluster: boolean) {
    this.#tagged = cluster;
  }

  session(id: string): string {
    return `${KEY_PREFIX}session:${this.#tag(id)}`;
  }

  /** The leave to fill an absent session key. */
  fillToken(id: string): string {
    return `${KEY_PREFIX}fill:${this.#tag(id)}`;
  }

  /** A lock's name is `kind:id`. */
  lock(name: string): string {
    return `${KEY_PREFIX}lock:${this.#tagLast(name)}`;
  }

  lockQueue(name: string): string {
    return `${KEY_PREFIX}lock-queue:${this.#tagLast(name)}`;
  }

  /** The sockets of a terminal: a sorted set by lease expiry. */
  sockets(terminalId: string): string {
    return `${KEY_PREFIX}sockets:${this.#tag(terminalId)}`;
  }

  /** What is known of each socket of a terminal: a hash. */
  socketDetails(terminalId: string): string {
    return `${KEY_PREFIX}socket-details:${this.#tag(terminalId)}`;
  }

  primary(terminalId: string): string {
    return `${KEY_PREFIX}primary:${this.#tag(terminalId)}`;
  }

  /** Hint: terminals on which a user may have sockets. */
  userTerminals(userId: string): string {
    return `${KEY_PREFIX}user-terminals:${this.#tag(userId)}`;
  }

  /** Hint: terminals on which a socket may be. */
  socketTerminals(socketId: string): string {
    return `${KEY_PREFIX}socket-terminals:${this.#tag(socketId)}`;
  }

  #tag(id: string): string {
    return this.#tagged ? `{${id}}` : id;
  }

  #tagLast(name: string): string {
    const at = name.indexOf(':');
    return this.#tagged ? `${name.slice(0, at + 1)}{${name.slice(at + 1)}}` : name;
  }
}
