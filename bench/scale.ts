/** How much of everything a run does. */
export interface Scale {
  readonly megabytes: number;
  /** Without a measurement, so that compilers and allocators have warmed up. */
  readonly warmUpMegabytes: number;
  readonly sustainedMegabytes: number;
  readonly repetitions: number;
  /** Keystrokes a repetition. */
  readonly keystrokes: number;
  /** Commands a repetition, of which the median counts. */
  readonly commands: number;
  readonly listedSessions: number;
  readonly manySessions: number;
  readonly idleSessions: number;
  readonly filledSessions: number;
  readonly fanOut: readonly number[];
}

export const FULL: Scale = {
  megabytes: 40,
  warmUpMegabytes: 8,
  sustainedMegabytes: 200,
  repetitions: 3,
  keystrokes: 500,
  commands: 7,
  listedSessions: 200,
  manySessions: 100,
  idleSessions: 100,
  filledSessions: 10,
  fanOut: [1, 4, 16],
};

/** For a look in between: the figures are rough. */
export const QUICK: Scale = {
  megabytes: 4,
  warmUpMegabytes: 2,
  sustainedMegabytes: 20,
  repetitions: 2,
  keystrokes: 120,
  commands: 3,
  listedSessions: 40,
  manySessions: 20,
  idleSessions: 20,
  filledSessions: 3,
  fanOut: [1, 4],
};
