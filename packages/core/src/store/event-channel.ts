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

/** Bound of a message. */
export const MAX_MESSAGE_BYTES = 7000;

/** Throws TOO_LARGE for a message above the bound: what one channel takes, every channel takes. */
export function checkMessage(message: string): void {
  const bytes = Buffer.byteLength(message);
  if (bytes > MAX_MESSAGE_BYTES)
    throw new TermError(
      'TOO_LARGE',
      `A message of ${bytes} bytes is above the bound of ${MAX_MESSAGE_BYTES}.`,
    );
}
