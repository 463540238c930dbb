import type { Results } from '../results.ts';
import type { StoreScale } from './scale.ts';
import type { World } from './world.ts';

export const STORE_MEASURE_NAMES = [
  'reads',
  'memory',
  'writes',
  'locks',
  'registry',
  'sessions',
  'hang',
] as const;
export type StoreMeasureName = (typeof STORE_MEASURE_NAMES)[number];

export interface StoreContext {
  readonly world: World;
  readonly scale: StoreScale;
  readonly results: Results;
  /** Tells a person what is being done. */
  readonly progress: (what: string) => void;
}

export type StoreMeasure = (context: StoreContext) => Promise<void>;

/** The hybrid store among its peers. */
export const SUBJECT = 'triterm';
export const POSTGRES = 'postgres';
export const REDIS = 'redis';
export const BENTO_MEMORY = 'bento L1';
export const BENTO_TIERS = 'bento L1+L2';
export const SEMAPHORE = 'redis-semaphore';
