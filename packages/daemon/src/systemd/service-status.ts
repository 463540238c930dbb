import { type HealthState, modeOf } from '@triterm/core/store';
import type { ServiceManager } from './notify.ts';

/** How the daemon is, as far as one line tells it. */
export interface ServiceFacts {
  /** Sessions whose program runs. */
  readonly sessions: number;
  /** Of Redis; undefined when none is configured. */
  readonly health: HealthState | undefined;
}

/** Changes are told this late at most; each costs a process. */
const LOOK_MS = 5000;

export function serviceStatus({ sessions, health }: ServiceFacts): string {
  return `${sessions === 1 ? '1 session' : `${sessions} sessions`}; ${storeText(health)}`;
}

function storeText(health: HealthState | undefined): string {
  if (health === undefined) return 'database; no Redis is configured';
  return modeOf(health) === 'hybrid' ? 'hybrid: Redis and database' : 'in-memory fallback: Redis is away';
}

/** Tells the manager now, and whenever it has changed. */
export function reportStatus(manager: Pick<ServiceManager, 'status'>, facts: () => ServiceFacts): void {
  const tell = () => manager.status(serviceStatus(facts()));
  tell();
  setInterval(tell, LOOK_MS).unref();
}
