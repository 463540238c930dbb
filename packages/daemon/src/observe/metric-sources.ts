import type { SessionState } from '@triterm/core/domain';
import type { HealthState, OutboxDepth, StoreStats } from '@triterm/core/store';

/** What the process tells of itself. */
export interface DaemonFigures {
  readonly sessions: Readonly<Record<SessionState, number>>;
  readonly clients: number;
  readonly ptyHosts: number;
  /** Undefined where the system does not tell. */
  readonly stateDirFreeBytes: number | undefined;
}

/** What the store tells of itself. Members that a layout does not have, or that are not known at present, are undefined. */
export interface StoreFigures {
  readonly stats: StoreStats;
  /** Whether the database answers now. */
  readonly databaseAvailable: boolean;
  readonly outbox: OutboxDepth | undefined;
  /** Undefined where no Redis is configured. */
  readonly redis: RedisFigures | undefined;
  readonly locks: LockFigures | undefined;
  /** Attachments of this server in the registry. */
  readonly registrySockets: number | undefined;
  /** By our own clock, negative once it has lapsed. */
  readonly leaseLeftMs: number | undefined;
}

export interface RedisFigures {
  readonly state: HealthState;
  readonly breakerOpen: boolean;
  readonly reconnects: number;
}

/** Of this server. */
export interface LockFigures {
  readonly held: number;
  readonly waiting: number;
}

/** Where figures come from, each time that somebody asks for the metrics. One that fails or is late is left out. */
export interface MetricSources {
  readonly version: string;
  readonly serverId: string;
  daemon(): Promise<DaemonFigures>;
  /** Not there until the store has opened. */
  store?: () => Promise<StoreFigures>;
}
