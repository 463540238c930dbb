/** How much of everything a run does. */
export interface StoreScale {
  readonly rounds: number;
  readonly sessions: number;
  /** By all servers in all rounds. */
  readonly reads: number;
  /** The same for peers that go to another process for each: a mean needs no more. */
  readonly slowReads: number;
  /** In memory, a round. */
  readonly memoryReads: number;
  /** Of each peer and number of writers, a block. */
  readonly writes: number;
  /** A round. */
  readonly writeBlocks: number;
  readonly locks: number;
  /** Turns of each server with the contended lock, a round. */
  readonly contendedTurns: number;
  readonly fewSockets: number;
  readonly manySockets: number;
  /** Calls of each method of the registry, a round. */
  readonly registryCalls: number;
  readonly lists: number;
  /** Commands a round, of which the median counts. */
  readonly commands: number;
  readonly hangs: number;
  readonly hangMs: number;
}

export const FULL_STORE: StoreScale = {
  rounds: 5,
  sessions: 10_000,
  reads: 1_000_000,
  slowReads: 75_000,
  memoryReads: 400_000,
  writes: 100,
  writeBlocks: 8,
  locks: 1000,
  contendedTurns: 100,
  fewSockets: 1000,
  manySockets: 100_000,
  registryCalls: 300,
  lists: 5,
  commands: 5,
  hangs: 3,
  hangMs: 4000,
};

export const QUICK_STORE: StoreScale = {
  rounds: 2,
  sessions: 1000,
  reads: 45_000,
  slowReads: 6000,
  memoryReads: 100_000,
  writes: 60,
  writeBlocks: 2,
  locks: 200,
  contendedTurns: 30,
  fewSockets: 300,
  manySockets: 6000,
  registryCalls: 100,
  lists: 3,
  commands: 3,
  hangs: 1,
  hangMs: 1500,
};
