import { runLoad } from '../load-process.ts';
import type { FleetMeasure } from '../measure.ts';

/** A session through its own server, and through another one. */
export const relay: FleetMeasure = context => runLoad({ what: 'relay', scale: context.scale }, context);
