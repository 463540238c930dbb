import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Bench } from './bench.ts';
import { SCENARIOS } from './scenarios.ts';

describe('hybrid store', () => {
  let bench: Bench;

  beforeAll(async () => {
    bench = await Bench.start();
  });

  afterAll(async () => {
    await bench?.dispose();
  });

  for (const { title, invariant, play } of Object.values(SCENARIOS))
    it(`${title} (${invariant})`, async () => {
      await expect(bench.play(play)).resolves.toBeUndefined();
    });
});
