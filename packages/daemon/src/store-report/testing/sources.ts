import type { SessionRow, StoreStats } from '@triterm/core/store';
import type { KnownSocket, StoreSources } from '../sources.ts';

export const ID = '0123456789ab';

export function sessionRow(known: Partial<SessionRow> = {}): SessionRow {
  return {
    id: ID,
    rev: 7,
    userId: 'local',
    name: 'work',
    ownerServer: 'a',
    ownerEpoch: 3,
    state: 'running',
    primarySocket: null,
    doc: { cwd: '/tmp', labels: { a: '1', b: '2' } } as unknown as SessionRow['doc'],
    createdAt: 1000,
    updatedAt: 2000,
    ...known,
  };
}

export function socket(known: Partial<KnownSocket> = {}): KnownSocket {
  return {
    socketId: 's1',
    terminalId: ID,
    userId: 'local',
    serverId: 'a',
    incarnation: 1,
    deviceId: 'd1',
    deviceName: 'laptop',
    connectedAt: 1000,
    lastPingAt: null,
    primary: false,
    ...known,
  };
}

export function storeStats(reads: Partial<StoreStats['reads']> = {}, writes = 0): StoreStats {
  return {
    reads: {
      reads: 0,
      l1Hits: 0,
      redisHits: 0,
      tombstones: 0,
      misses: 0,
      coalesced: 0,
      bypassed: 0,
      errors: 0,
      ...reads,
    },
    staleReads: 0,
    writes,
    l1Entries: 0,
    floors: 0,
    puts: 0,
    casRejections: 0,
    fillRejections: 0,
    putFailures: 0,
    invalidationsReceived: 0,
    invalidationLagMs: null,
    outboxDrained: 0,
    resyncs: 0,
  };
}

const unexpected = (): never => {
  throw new Error('not expected to be called');
};

/** A server with one session and a database that has it; no Redis. */
export function storeSources(known: Partial<StoreSources> = {}): StoreSources {
  return {
    self: { id: 'a', hostId: 'host', stateDir: '/s' },
    sessions: {
      find: target => (target === 'work' || ID.startsWith(target) ? { id: ID, name: 'work' } : undefined),
      nameOf: id => (id === ID ? 'work' : undefined),
      running: () => 0,
    },
    database: {
      kind: 'sqlite',
      read: async id => (id === ID ? sessionRow() : undefined),
      epochs: async () => ({ db: 'e', cache: 1 }),
      outboxDepth: async () => ({ entries: 0, oldestMs: 0 }),
      listServers: async () => [],
      admin: { status: unexpected, migrate: unexpected },
      files: { exportTo: unexpected, importFrom: unexpected, backUpTo: unexpected },
    },
    cache: {
      l1: undefined,
      redis: undefined,
      floor: () => undefined,
      invalidate: async () => ({ l1: false, redis: null }),
    },
    stats: () => storeStats(),
    redis: undefined,
    locks: undefined,
    registry: undefined,
    attachedUsers: async () => [],
    localSockets: () => [],
    restart: unexpected,
    ...known,
  };
}
