import type { StoreStats } from '../../src/store/hybrid/stats.ts';
import type { RedisSettings } from '../../src/store/redis/settings.ts';
import type { Operation } from './history.ts';

/** What a store process is started with, as JSON in its first argument. */
export interface StoreProcessOptions {
  readonly server: number;
  readonly life: number;
  readonly database:
    | { readonly kind: 'postgres'; readonly url: string }
    | { readonly kind: 'sqlite'; readonly file: string };
  readonly redis: RedisSettings | null;
  readonly leaseMs: number;
  /** 0 keeps nothing in memory for long; 30,000 unless a scenario wants less. */
  readonly l1TtlMs: number;
  readonly warmEntries: number;
}

/** What a store process is asked to do: a line of JSON each. */
export type Order =
  | {
      readonly n: number;
      readonly do: 'create' | 'update' | 'increment' | 'locked' | 'claim' | 'delete' | 'read' | 'get';
      readonly id: string;
    }
  | { readonly n: number; readonly do: 'list' }
  | {
      readonly n: number;
      readonly do: 'addSocket' | 'removeSocket' | 'makePrimary';
      readonly terminal: string;
      readonly socket: string;
    }
  | { readonly n: number; readonly do: 'registry'; readonly terminal: string }
  | { readonly n: number; readonly do: 'stats' }
  /** Takes a lock and keeps it until `release`. */
  | { readonly n: number; readonly do: 'lock' | 'release'; readonly name: string }
  | { readonly n: number; readonly do: 'close' };

/** What it says: a line of JSON each. */
export type Report =
  | { readonly report: 'ready' }
  | { readonly report: 'failed'; readonly code: string; readonly message: string }
  | { readonly report: 'operation'; readonly operation: Operation }
  | { readonly report: 'stall'; readonly startMs: number; readonly endMs: number }
  | { readonly report: 'mode'; readonly atMs: number; readonly change: ModeChange }
  | {
      readonly report: 'done';
      readonly n: number;
      readonly outcome: string;
      readonly tookMs: number;
      readonly value?: unknown;
    };

/** Redis' health as a store has seen it change. */
export interface ModeChange {
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

export interface StatsValue {
  readonly stats: StoreStats;
  readonly state: string | null;
  /** Reads that this process was answered, errors among the answers. */
  readonly reads: number;
  /** Of the epoch that it takes for the present one, as entries carry it. */
  readonly epoch: string;
}

export interface RegistryValue {
  readonly sockets: readonly string[];
  readonly primary: string | undefined;
}

export const LIMIT = 1000;
export const USER = 'chaos';
export const LOCK_WAIT_MS = 1000;
