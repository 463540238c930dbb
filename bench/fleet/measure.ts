import type { Results } from '../results.ts';
import type { FleetScale } from './scale.ts';

export const FLEET_MEASURE_NAMES = ['clients', 'relay', 'registry'] as const;
export type FleetMeasureName = (typeof FLEET_MEASURE_NAMES)[number];

export interface FleetContext {
  readonly scale: FleetScale;
  readonly results: Results;
  /** Tells a person what is being done. */
  readonly progress: (what: string) => void;
}

export type FleetMeasure = (context: FleetContext) => Promise<void>;

export const SUBJECT = 'triterm';

/** Ways to a session that are set beside each other: to the session's own server, and through another one. */
export const DIRECT = 'WebSocket';
export const RELAYED = 'relayed';
