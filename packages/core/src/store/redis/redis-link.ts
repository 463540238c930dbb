import type { Cluster, Redis } from 'ioredis';
import type { LinkFault } from './fault-point.ts';
import type { KeyNames } from './key-names.ts';

/** Why a command was not done, or is not known to be. */
export type LinkFailure =
  /** No answer within the deadline: it may have been done. */
  | 'timeout'
  /** No connection, or it was lost on the way. */
  | 'disconnected'
  /** A replica answered: the master is elsewhere now. */
  | 'readonly'
  /** The cluster's slots are moving. */
  | 'moved'
  /** `maxmemory` is reached and nothing may be evicted. */
  | 'oom'
  /** Redis refuses writes because it cannot save. */
  | 'misconf'
  /** An ACL rule forbids it. */
  | 'noperm'
  | 'loading'
  | 'auth'
  | 'error';

/** One of the Lua scripts beside this file, with its source. */
export interface RedisScript {
  readonly name: string;
  readonly source: string;
}

/** Who hears how the link is. Called synchronously; must not throw. */
export interface LinkObserver {
  /** A connection stands and has shaken hands; with more than one node, the cluster has slots. */
  connected(): void;
  disconnected(reason: string): void;
  /** Every command ends here, with the time that it took. */
  settled(outcome: 'ok' | LinkFailure, latencyMs: number): void;
  /** The set of nodes has changed: `±node`, a failover. */
  topologyChanged(): void;
}

/** Which Redis it is that answers: another identity may hold an older state of every key. */
export interface LinkIdentity {
  /** Run ids of the masters, sorted, in one text. */
  readonly identity: string;
  /** False when a replica answers where a master should. */
  readonly master: boolean;
  readonly version: string;
}

/** A server, as `redis status` shows it. Members that could not be learned are null. */
export interface LinkInfo {
  readonly topology: 'single' | 'sentinel' | 'cluster';
  /** Without passwords. */
  readonly endpoint: string;
  readonly tls: boolean;
  readonly version: string | null;
  readonly usedMemoryBytes: number | null;
  readonly maxMemoryBytes: number | null;
  readonly evictionPolicy: string | null;
  readonly reconnects: number;
  /** Why the last connection failed. */
  readonly lastError: string | null;
}

/**
 * The connection to Redis, whatever its topology. Reconnects for ever in the background; nothing queues while it is down.
 * Every call rejects within its deadline with CACHE_UNAVAILABLE (`details.failure` is a LinkFailure), or CACHE_REFUSED for
 * what only an operator can mend (`noperm`, `auth`).
 */
export interface RedisLink {
  readonly keys: KeyNames;
  readonly cluster: boolean;
  /** Runs commands under the command deadline (50 ms unless given). */
  command<T>(what: string, work: (client: Redis | Cluster) => Promise<T>, deadlineMs?: number): Promise<T>;
  /** EVALSHA, and EVAL where the script is not known. All keys lie in one slot. */
  script(
    script: RedisScript,
    keys: readonly string[],
    args: readonly (string | number)[],
    deadlineMs?: number,
  ): Promise<unknown>;
  /** Many calls of one script in one pipeline; outcomes in their order. */
  scripts(
    script: RedisScript,
    calls: readonly { readonly keys: readonly string[]; readonly args: readonly (string | number)[] }[],
    deadlineMs?: number,
  ): Promise<unknown[]>;
  /**
   * One more connection, for messages of the channels. `gap` is called when it was lost or made anew. Resolves when the
   * subscription is confirmed. The function ends it.
   */
  subscribe(
    channels: readonly string[],
    listener: { message(channel: string, text: string): void; gap(): void },
  ): Promise<() => Promise<void>>;
  /** Own keys that match `triterm:<pattern>`, by SCAN over all masters, at most `limit`. */
  scan(pattern: string, limit: number): Promise<string[]>;
  identity(): Promise<LinkIdentity>;
  info(): Promise<LinkInfo>;
  observe(observer: LinkObserver): void;
  /**
   * Lets the link fail, for a drill, until it is called with undefined. Connections are cut then, as they are when a network comes
   * back: whatever was missed meanwhile is noticed.
   */
  disturb(fault: LinkFault | undefined): void;
  close(): Promise<void>;
}
