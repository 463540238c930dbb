import { connectRedis } from '../../src/store/redis/connect.ts';
import type { LinkFailure, LinkObserver, RedisLink } from '../../src/store/redis/redis-link.ts';
import type { RedisSettings } from '../../src/store/redis/settings.ts';

const DEADLINE_MS = 20_000;

/** Hears how a link is, and waits for it. */
export class Witness implements LinkObserver {
  timesConnected = 0;
  readonly reasons: string[] = [];
  readonly outcomes: ('ok' | LinkFailure)[] = [];
  topologyChanges = 0;
  #wake: () => void = () => {};

  connected(): void {
    this.timesConnected += 1;
    this.#wake();
  }

  disconnected(reason: string): void {
    this.reasons.push(reason);
    this.#wake();
  }

  settled(outcome: 'ok' | LinkFailure): void {
    this.outcomes.push(outcome);
  }

  topologyChanged(): void {
    this.topologyChanges += 1;
    this.#wake();
  }

  /** Resolves when it is so; rejects at a deadline, with the reasons heard. */
  async until(satisfied: (witness: Witness) => boolean): Promise<void> {
    const endMs = performance.now() + DEADLINE_MS;
    while (!satisfied(this)) {
      const leftMs = endMs - performance.now();
      if (leftMs <= 0) throw new Error(`the link has not come so far: ${this.reasons.join(' | ')}`);
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, leftMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}

/** A link that stands. */
export async function connectedLink(settings: RedisSettings): Promise<{ link: RedisLink; witness: Witness }> {
  const witness = new Witness();
  const link = connectRedis(settings, witness);
  try {
    await witness.until(({ timesConnected }) => timesConnected > 0);
    return { link, witness };
  } catch (error) {
    await link.close();
    throw error;
  }
}
