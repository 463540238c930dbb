import { CACHE_SCENARIOS } from './cache-scenarios.ts';
import { DATABASE_SCENARIOS } from './database-scenarios.ts';
import { HEARING_SCENARIOS } from './hearing-scenarios.ts';
import { LATE_SCENARIOS } from './late-scenarios.ts';
import type { Scenarios } from './steps.ts';

/** All of them, by the names that mutants have them by. */
export const SCENARIOS: Scenarios = {
  ...CACHE_SCENARIOS,
  ...DATABASE_SCENARIOS,
  ...HEARING_SCENARIOS,
  ...LATE_SCENARIOS,
};
