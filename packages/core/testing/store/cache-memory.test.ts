import { newSessionId } from '@triterm/core/domain';
import { expect, it } from 'vitest';
import { MemorySessionCache } from '../../src/store/memory/memory-cache.ts';
import { seededRandom, withChaos } from '../chaos-wrapper.ts';
import { cacheContract, EPOCHS, exampleRow } from './cache-contract.ts';
import { memoryCacheHarness } from './cache-harnesses.ts';

cacheContract('Memory', async () => memoryCacheHarness());

cacheContract('Memory whose every call is late', async () => {
  const harness = memoryCacheHarness();
  const random = seededRandom(1);
  const pause = async (): Promise<void> => {
    for (let turns = random() * 4; turns > 0; turns -= 1) await new Promise(resolve => setImmediate(resolve));
  };
  return {
    ...harness,
    open: () => withChaos(harness.open(), { random, failBefore: 0, failAfter: 0, pause }),
  };
});

it('the memory cache keeps no more than its bound, the most recently used', async () => {
  const cache = new MemorySessionCache({ maxEntries: 10 });
  const ids = Array.from({ length: 20 }, () => newSessionId());
  for (const id of ids) {
    const outcome = await cache.put(exampleRow(id, 1), EPOCHS);
    if (outcome.kind === 'absent') await cache.fill(exampleRow(id, 1), EPOCHS, outcome.fillToken);
  }
  const found = await Promise.all(ids.map(id => cache.inspect(id)));
  expect(found.map(entry => entry !== undefined)).toEqual(ids.map((_, index) => index >= 10));
});
