import { TermError } from '@triterm/core/errors';

export interface ChaosOptions {
  /** In [0, 1); a seeded one makes a run that can be repeated. */
  readonly random: () => number;
  /** How often a call fails without having been carried out, and how often although it was; each in [0, 1]. */
  readonly failBefore: number;
  readonly failAfter: number;
  /** Lets time, and others, pass: before a call, and after it. */
  readonly pause: () => Promise<void>;
  readonly error?: (method: string, carriedOut: boolean) => Error;
}

/**
 * The same object with every method late, and some calls failing before or after they were carried out: what a network does. For
 * objects whose methods are all asynchronous; what is no function passes.
 */
export function withChaos<T extends object>(target: T, options: ChaosOptions): T {
  return new Proxy(target, {
    get(_, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function' || typeof name !== 'string') return member;
      return (...args: unknown[]) => callWithChaos(name, () => Reflect.apply(member, target, args), options);
    },
  });
}

async function callWithChaos(
  method: string,
  call: () => unknown,
  { random, failBefore, failAfter, pause, error = unavailable }: ChaosOptions,
): Promise<unknown> {
  const luck = random();
  await pause();
  if (luck < failBefore) throw error(method, false);
  const value = await call();
  await pause();
  if (luck < failBefore + failAfter) throw error(method, true);
  return value;
}

function unavailable(method: string, carriedOut: boolean): TermError {
  return new TermError('CACHE_UNAVAILABLE', `Chaos: no answer from ${method}.`, {
    details: { failure: 'timeout', carriedOut },
  });
}

/** Numbers in [0, 1) that follow from the seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
