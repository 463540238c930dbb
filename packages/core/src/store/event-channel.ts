import { TermError } from '../errors/index.ts';

/** Who listens to a channel. */
export interface ChannelListener {
  message(text: string): void;
  /** The connection was lost or made anew: messages may be missing. */
  gap(): void;
}

/**
 * Messages to every server that listens, the sender's own included: Redis Pub/Sub, LISTEN/NOTIFY, or memory. In order from one
 * sender while the connection stands. Hints only: what is published while somebody's connection is down, he never gets.
 */
export interface EventChannel {
  /** At most 7,000 bytes of UTF-8 (NOTIFY takes 8,000). Rejects with CACHE_UNAVAILABLE or STORE_UNAVAILABLE within a deadline. */
  publish(message: string): Promise<void>;
  /** One listener a channel. Resolves when the server has confirmed the subscription; goes on over reconnections. */
  subscribe(listener: ChannelListener): Promise<void>;
  close(): Promise<void>;
}

/** One that goes by several ways. */
export interface WholeChannel extends EventChannel {
  /** Whether what anybody publishes now can be heard here: others may still use a way that is closed to us. */
  readonly isWhole: boolean;
}

/** Bound of a message. */
export const MAX_MESSAGE_BYTES = 7000;

/** One of several channels by the same way. */
export interface ChannelName {
  readonly name: string;
  /** Bound of its messages. */
  readonly maxBytes: number;
}

/** Throws TOO_LARGE for a message above the bound: what one channel takes, every channel takes. */
export function checkMessage(message: string, maxBytes: number = MAX_MESSAGE_BYTES): void {
  const bytes = Buffer.byteLength(message);
  if (bytes > maxBytes)
    throw new TermError('TOO_LARGE', `A message of ${bytes} bytes is above the bound of ${maxBytes}.`);
}
