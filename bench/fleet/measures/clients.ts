import { runLoad } from '../load-process.ts';
import type { FleetMeasure } from '../measure.ts';

/** One server, and more and more sessions with a WebSocket client each. */
export const clients: FleetMeasure = context => runLoad({ what: 'clients', scale: context.scale }, context);
