import { describe, expect, it } from 'vitest';
import { type ChaosOptions, runChaos } from './chaos.ts';
import type { FaultKind } from './plan.ts';

/** Servers start, and three processes; a round takes as long as its faults. */
const TEST_TIMEOUT_MS = 120_000;
const ROUNDS_MS = 60_000;

function run(
  options: Pick<ChaosOptions, 'database' | 'redis' | 'seed' | 'rounds'> & {
    readonly faults?: readonly FaultKind[];
  },
) {
  return runChaos({ servers: 3, firstRound: 0, limitMs: ROUNDS_MS, ...options });
}

describe('stores under faults keep every invariant', { timeout: TEST_TIMEOUT_MS }, () => {
  it('with PostgreSQL and Redis', async () => {
    const figures = await run({ database: 'postgres', redis: 'single', seed: 2, rounds: 3 });
    expect(figures.rounds).toBe(3);
  });

  it('with one SQLite file and Redis', async () => {
    const figures = await run({ database: 'sqlite', redis: 'single', seed: 5, rounds: 1 });
    expect(figures.rounds).toBe(1);
  });

  it('with one SQLite file alone', async () => {
    const figures = await run({ database: 'sqlite', redis: 'none', seed: 4, rounds: 1 });
    expect(figures.rounds).toBe(1);
  });

  it('through a failover of Sentinel', async () => {
    const faults = ['sentinelFailover'] as const;
    const figures = await run({ database: 'postgres', redis: 'sentinel', seed: 1, rounds: 1, faults });
    expect(figures.rounds).toBe(1);
  });

  it('while a node of a Cluster is away', async () => {
    const faults = ['clusterNodeKill'] as const;
    const figures = await run({ database: 'postgres', redis: 'cluster', seed: 1, rounds: 1, faults });
    expect(figures.rounds).toBe(1);
  });
});
