import { TermError } from '@triterm/core/errors';
import type { DaemonClient } from './daemon-client.ts';

/** How long a daemon may be silent. */
export interface HeartbeatTimes {
  /** Silence after which it is asked for a sign of life. */
  readonly askAfterMs: number;
  /** How long it may take to give one. */
  readonly answerMs: number;
}

export const ON_MACHINE: HeartbeatTimes = { askAfterMs: 1000, answerMs: 1000 };
export const OVER_NETWORK: HeartbeatTimes = { askAfterMs: 2000, answerMs: 1000 };

export interface HeartbeatListener {
  /** Asks for any answer. */
  ping(): void;
  /** It does not answer. */
  silent(): void;
  /** It does again. */
  back(): void;
}

/**
 * Notices a daemon that is connected and does not answer: one that hangs, or was stopped. That a network has swallowed the other side is
 * for the connection itself to notice.
 */
export class Heartbeat {
  readonly #times: HeartbeatTimes;
  readonly #listener: HeartbeatListener;
  #heardAtMs = performance.now();
  #askedAtMs: number | undefined;
  #isSilent = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(times: HeartbeatTimes, listener: HeartbeatListener) {
    this.#times = times;
    this.#listener = listener;
  }

  /** Connected: watches from now on. */
  start(): void {
    this.stop();
    this.#heardAtMs = performance.now();
    this.#arm(this.#times.askAfterMs);
  }

  /** Something came. */
  heard(): void {
    this.#heardAtMs = performance.now();
    this.#askedAtMs = undefined;
    if (!this.#isSilent) return;
    this.#isSilent = false;
    this.#listener.back();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#askedAtMs = undefined;
    this.#isSilent = false;
  }

  #arm(delayMs: number): void {
    this.#timer = setTimeout(() => this.#look(), delayMs);
  }

  #look(): void {
    const { askAfterMs, answerMs } = this.#times;
    const nowMs = performance.now();
    const silentForMs = nowMs - this.#heardAtMs;
    if (silentForMs < askAfterMs) {
      this.#arm(askAfterMs - silentForMs);
      return;
    }
    this.#arm(answerMs);
    if (this.#askedAtMs === undefined) {
      this.#askedAtMs = nowMs;
      this.#listener.ping();
    } else if (!this.#isSilent) {
      this.#isSilent = true;
      this.#listener.silent();
    }
  }
}

/** Calls `heard` when the daemon answers, be it with an error: one of an earlier release does not know the question. */
export function pingDaemon(client: DaemonClient, heard: () => void): void {
  client.request('ping', {}, { timeoutMs: 0 }).then(heard, thrown => {
    if (thrown instanceof TermError && thrown.code === 'UNKNOWN_METHOD') heard();
  });
}
