import type { WebSocket } from 'ws';

export interface HeartbeatTimes {
  readonly pingIntervalMs: number;
  /** Without a sign of life for so long after a ping the other side is dead. Less than the interval. */
  readonly pongTimeoutMs: number;
  /** Who takes nothing for so long of what waits for him is cut off, even if he lives: what waits is kept in memory. */
  readonly stallTimeoutMs: number;
}

/** What has come of a ping. */
export interface SignsOfLife {
  /** A pong or a message has come since. */
  readonly isHeard: boolean;
  /** Bytes that wait to be sent. */
  readonly waitingBytes: number;
  /** Bytes that the system has taken since. */
  readonly takenBytes: number;
}

/**
 * A slow link may need longer than the deadline for what lies before the ping: while bytes wait and some go, the other side takes
 * them. Without any that wait the system's buffer has taken them, which proves nothing.
 */
export function isDead({ isHeard, waitingBytes, takenBytes }: SignsOfLife): boolean {
  return !isHeard && (waitingBytes === 0 || takenBytes === 0);
}

/** Asks the other side again and again whether it is there: a connection whose other end has vanished says nothing by itself. */
export class Heartbeat {
  readonly #webSocket: WebSocket;
  readonly #times: HeartbeatTimes;
  readonly #onDead: () => void;
  #timer: NodeJS.Timeout | undefined;
  #poll: NodeJS.Immediate | undefined;
  #isHeard = false;
  #takenBytes = 0;
  /** For how long bytes have waited and none was taken, in whole intervals of pings. */
  #stalledMs = 0;

  constructor(webSocket: WebSocket, times: HeartbeatTimes, onDead: () => void) {
    this.#webSocket = webSocket;
    this.#times = times;
    this.#onDead = onDead;
    webSocket.on('pong', () => this.heard());
    this.#after(times.pingIntervalMs, () => this.#ping());
  }

  heard(): void {
    this.#isHeard = true;
  }

  taken(bytes: number): void {
    this.#takenBytes += bytes;
    this.#stalledMs = 0;
  }

  stop(): void {
    clearTimeout(this.#timer);
    if (this.#poll !== undefined) clearImmediate(this.#poll);
  }

  #ping(): void {
    const { pingIntervalMs, pongTimeoutMs } = this.#times;
    // Opening and closing have deadlines of their own.
    if (this.#webSocket.readyState !== this.#webSocket.OPEN) {
      this.#after(pingIntervalMs, () => this.#ping());
      return;
    }
    // Who is not listened to, because what came last still has to be read, is not heard and may well be there.
    this.#isHeard = this.#webSocket.isPaused;
    this.#takenBytes = 0;
    this.#webSocket.ping(() => {});
    // After a stall of this process timers run before what has come meanwhile is read: it is, before anybody is called dead.
    this.#after(pongTimeoutMs, () => {
      this.#poll = setImmediate(() => this.#judge());
    });
  }

  #judge(): void {
    const signs = {
      isHeard: this.#isHeard,
      waitingBytes: this.#webSocket.bufferedAmount,
      takenBytes: this.#takenBytes,
    };
    const { pingIntervalMs, pongTimeoutMs, stallTimeoutMs } = this.#times;
    if (signs.waitingBytes > 0 && signs.takenBytes === 0) this.#stalledMs += pingIntervalMs;
    else this.#stalledMs = 0;
    // Of the first interval they may have waited the end only, so one more than the time has.
    if (isDead(signs) || this.#stalledMs > stallTimeoutMs) this.#onDead();
    else this.#after(Math.max(0, pingIntervalMs - pongTimeoutMs), () => this.#ping());
  }

  #after(delayMs: number, work: () => void): void {
    this.#timer = setTimeout(work, delayMs).unref();
  }
}
