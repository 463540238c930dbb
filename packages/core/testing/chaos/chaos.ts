import { Figures } from './figures.ts';
import { Fleet } from './fleet.ts';
import { nowMs } from './history.ts';
import type { FaultKind } from './plan.ts';
import { ChaosFailure, ChaosRun } from './run.ts';
import { World, type WorldOptions } from './world.ts';

export interface ChaosOptions extends WorldOptions {
  readonly seed: number;
  readonly firstRound: number;
  /** Ends after so many rounds, or after the time, whatever comes first. */
  readonly rounds: number;
  readonly limitMs: number;
  readonly faults?: readonly FaultKind[];
  readonly log?: (line: string) => void;
}

/** Short, so that what a crash leaves behind lapses within a round. */
const LEASE_MS = 3000;
const L1_TTL_MS = 30_000;
/** Servers on hosts of their own. Those that share a file share a host, and its clock. */
const CLOCK_OFFSETS_HOURS = [0, 1, -1];

/** A world, its stores, and rounds on it. Returns the figures; rejects with ChaosFailure. */
export async function runChaos(options: ChaosOptions): Promise<Figures> {
  const figures = new Figures();
  const world = await World.start(options, Math.random);
  let fleet: Fleet | undefined;
  let run: ChaosRun | undefined;
  try {
    fleet = await Fleet.start(world, {
      leaseMs: LEASE_MS,
      l1TtlMs: L1_TTL_MS,
      warmEntries: 100,
      clockOffsetsHours: options.database === 'postgres' ? CLOCK_OFFSETS_HOURS : [],
    });
    await world.beginJournal();
    const { seed, faults, log } = options;
    run = new ChaosRun({
      seed,
      world,
      fleet,
      figures,
      ...(faults === undefined ? {} : { faults }),
      ...(log === undefined ? {} : { log }),
    });
    const endMs = nowMs() + options.limitMs;
    const last = options.firstRound + options.rounds;
    for (let number = options.firstRound; number < last && nowMs() < endMs; number += 1)
      await run.round(number);
    return figures;
  } finally {
    run?.close();
    await fleet?.dispose();
    await world.dispose();
  }
}

export { ChaosFailure };
