import type { DrillInfo } from '@triterm/core/domain';
import type { LiveSystem } from './live/live-system.ts';
import type { Sandbox } from './sandbox/sandbox.ts';
import type { Stage } from './stage.ts';

/** A failure that is brought about on purpose, and what has to be true of the system then. */
export interface Drill extends DrillInfo {
  /** On servers of its own. What it has started is ended for it. */
  run(stage: Stage, sandbox: Sandbox): Promise<void>;
  /** On the running system, where that is safe; present if `live`. What it has disturbed is restored for it. */
  runLive?(stage: Stage, system: LiveSystem): Promise<void>;
}

/** Fills in what follows: it is safe on the running system if it says how to run there. */
export function defineDrill(drill: Omit<Drill, 'live'>): Drill {
  return { ...drill, live: drill.runLive !== undefined };
}
