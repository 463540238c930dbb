import { describe, expect, it } from 'vitest';
import { type ChaosOptions, seededRandom, withChaos } from './chaos-wrapper.ts';

class Counter {
  #count = 0;
  readonly name = 'counter';

  async add(by: number): Promise<number> {
    this.#count += by;
    return this.#count;
  }
}

const CALM: ChaosOptions = { random: () => 0.5, failBefore: 0, failAfter: 0, pause: async () => {} };

describe('the chaos wrapper', () => {
  it('passes calls, results and members', async () => {
    const counter = withChaos(new Counter(), CALM);
    expect(await counter.add(2)).toBe(2);
    expect(counter.name).toBe('counter');
  });

  it('fails before a call was carried out, and after it', async () => {
    const real = new Counter();
    const before = withChaos(real, { ...CALM, failBefore: 1 });
    await expect(before.add(1)).rejects.toMatchObject({
      code: 'CACHE_UNAVAILABLE',
      details: { carriedOut: false },
    });
    expect(await real.add(0)).toBe(0);
    const after = withChaos(real, { ...CALM, failAfter: 1 });
    await expect(after.add(1)).rejects.toMatchObject({ details: { carriedOut: true } });
    expect(await real.add(0)).toBe(1);
  });

  it('passes the error of the call itself, and one that was asked for', async () => {
    const error = new Error('own');
    const broken = withChaos({ call: () => Promise.reject(error) }, CALM);
    await expect(broken.call()).rejects.toBe(error);
    const chosen = withChaos(new Counter(), { ...CALM, failBefore: 1, error: () => error });
    await expect(chosen.add(1)).rejects.toBe(error);
  });

  it('repeats a run from its seed', async () => {
    const run = async (seed: number) => {
      const random = seededRandom(seed);
      const counter = withChaos(new Counter(), { ...CALM, random, failBefore: 0.3, failAfter: 0.3 });
      const outcomes = [];
      for (let call = 0; call < 50; call += 1) outcomes.push(await counter.add(1).catch(() => 'failed'));
      return outcomes;
    };
    const first = await run(7);
    expect(await run(7)).toEqual(first);
    expect(await run(8)).not.toEqual(first);
    expect(first).toContain('failed');
    expect(first.filter(outcome => outcome !== 'failed').length).toBeGreaterThan(0);
  });
});
