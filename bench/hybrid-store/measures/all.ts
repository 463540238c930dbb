import type { StoreMeasure, StoreMeasureName } from '../measure.ts';
import { hang } from './hang.ts';
import { locks } from './locks.ts';
import { memory } from './memory.ts';
import { reads } from './reads.ts';
import { registry } from './registry.ts';
import { sessions } from './sessions.ts';
import { writes } from './writes.ts';

export const STORE_MEASURES: Readonly<Record<StoreMeasureName, StoreMeasure>> = {
  reads,
  memory,
  writes,
  locks,
  registry,
  sessions,
  hang,
};
