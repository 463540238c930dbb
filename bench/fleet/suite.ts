import type { FleetContext, FleetMeasure, FleetMeasureName } from './measure.ts';
import { SUBJECT } from './measure.ts';
import { clients } from './measures/clients.ts';
import { registry } from './measures/registry.ts';
import { relay } from './measures/relay.ts';

const FLEET_MEASURES: Readonly<Record<FleetMeasureName, FleetMeasure>> = { clients, relay, registry };

export interface FleetSuite extends FleetContext {
  readonly measures: readonly FleetMeasureName[];
}

/** Measures one after the other, each in a fleet of its own. One that fails is noted, and the others go on. */
export async function measureFleet({ measures, ...context }: FleetSuite): Promise<void> {
  for (const measure of measures) {
    try {
      await FLEET_MEASURES[measure](context);
    } catch (thrown) {
      const text = `failed: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
      context.results.note({ measure, peer: SUBJECT, variant: '', text });
      context.progress(`${measure} ${text}`);
    }
  }
}
