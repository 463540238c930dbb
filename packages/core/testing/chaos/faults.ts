import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { KEY_PREFIX } from '../../src/store/redis/key-names.ts';
import { type FaultRecord, nowMs } from './history.ts';
import { FAULTS, type FaultKind, IDS, type PlannedFault, TERMINALS } from './plan.ts';
import { pause } from './waiting.ts';
import type { World, WorldOptions } from './world.ts';

/** What a fault may do to store processes. */
export interface Processes {
  kill(server: number): Promise<void>;
  /** A new process of the same server. */
  start(server: number): Promise<void>;
  signal(server: number, name: 'SIGSTOP' | 'SIGCONT'): void;
}

interface Effect {
  /** Nothing reports it. */
  readonly silent: boolean;
  readonly stopped?: boolean;
  /** Concerns every server. */
  readonly shared?: boolean;
  /** Returns how it is taken back; undefined where there is nothing to take back. */
  readonly inject: (
    world: World,
    fault: PlannedFault,
    processes: Processes,
  ) => Promise<(() => Promise<void>) | undefined>;
}

/** Redis is back from the dead after so long at most, so that a round ends. */
const MAX_DOWN_MS = 1500;
/** A database that is away longer refuses everything, which is not what is looked for. */
const MAX_STOP_MS = 3000;

/** What eviction may take: of a session, of a lock, of the registry. */
const EVICTABLE = [
  ...IDS.flatMap(id => [`session:${id}`, `fill:${id}`, `lock:session:${id}`, `lock-queue:session:${id}`]),
  ...TERMINALS.flatMap(id => [`sockets:${id}`, `socket-details:${id}`, `primary:${id}`]),
].map(name => `${KEY_PREFIX}${name}`);

const EFFECTS: Readonly<Record<FaultKind, Effect>> = {
  redisKill: {
    silent: false,
    shared: true,
    inject: async ({ redis }) => {
      await redis?.kill();
      return async () => {
        if (redis !== undefined) await rm(join(redis.dir, 'dump.rdb'), { force: true });
        await redis?.restart();
      };
    },
  },
  redisRewind: {
    silent: false,
    shared: true,
    inject: async ({ redis }, { delayMs }) => {
      await redis?.cli('save');
      await pause(5 * delayMs);
      await redis?.kill();
      return async () => redis?.restart();
    },
  },
  redisStop: {
    silent: true,
    shared: true,
    inject: async ({ redis }) => {
      redis?.signal('SIGSTOP');
      return async () => redis?.signal('SIGCONT');
    },
  },
  redisFlush: {
    silent: false,
    shared: true,
    inject: async ({ redis }) => {
      await redis?.cli('flushall');
      return undefined;
    },
  },
  redisEvict: {
    silent: false,
    shared: true,
    inject: async ({ redis }, { lastsMs }) => {
      const wanted = EVICTABLE.filter((_, index) => ((lastsMs >> (index % 11)) & 1) === 1);
      await redis?.cli('del', 'triterm:none', ...wanted);
      return undefined;
    },
  },
  dataEpoch: {
    silent: false,
    shared: true,
    inject: async ({ journal }) => {
      await journal.newEpoch();
      return undefined;
    },
  },
  sentinelFailover: {
    silent: true,
    shared: true,
    inject: async ({ sentinel }) => {
      const port = (await sentinel?.masterPort()) ?? 0;
      await sentinel?.server(port).kill();
      await sentinel?.switchedFrom(port);
      return async () => sentinel?.server(port).start();
    },
  },
  sentinelHandOver: {
    silent: true,
    shared: true,
    inject: async ({ sentinel }) => {
      // A replica that has just come back may not be fit yet.
      await sentinel?.handOver().catch(() => {});
      return undefined;
    },
  },
  clusterNodeKill: {
    silent: false,
    shared: true,
    inject: async ({ cluster }, { server }) => {
      const node = cluster?.servers[server % (cluster?.servers.length ?? 1)];
      await node?.kill();
      return async () => {
        await node?.start();
        await cluster?.reached('ok');
      };
    },
  },
  postgresKill: {
    silent: false,
    shared: true,
    inject: async ({ postgres }) => {
      await postgres?.signal('SIGKILL');
      return async () => postgres?.start();
    },
  },
  postgresStop: {
    silent: true,
    shared: true,
    inject: async ({ postgres }) => {
      await postgres?.signal('SIGSTOP');
      return async () => postgres?.signal('SIGCONT');
    },
  },
  processKill: {
    silent: false,
    inject: async (_world, { server }, processes) => {
      await processes.kill(server);
      return () => processes.start(server);
    },
  },
  processStop: {
    silent: true,
    stopped: true,
    inject: async (_world, { server }, processes) => {
      processes.signal(server, 'SIGSTOP');
      return async () => processes.signal(server, 'SIGCONT');
    },
  },
  redisLinkCut: onLink('redis', async proxy => void proxy.cut()),
  databaseLinkCut: onLink('database', async proxy => void proxy.cut()),
  redisLinkRefuse: onLink('redis', proxy => proxy.refuse()),
  databaseLinkRefuse: onLink('database', proxy => proxy.refuse()),
  redisLinkDelay: { ...onLink('redis', delayed), silent: true },
  databaseLinkDelay: { ...onLink('database', delayed), silent: true },
  redisLinkHalfOpen: { ...onLink('redis', halfOpen), silent: true },
  databaseLinkHalfOpen: { ...onLink('database', halfOpen), silent: true },
};

/** Those that this world can have. */
export function possibleFaults({ redis, database }: Pick<WorldOptions, 'redis' | 'database'>): FaultKind[] {
  const prefixes = [
    'process',
    'dataEpoch',
    ...(database === 'postgres' ? ['postgres', 'database'] : []),
    ...(redis === 'none' ? [] : [redis === 'single' ? 'redis' : redis]),
  ];
  return FAULTS.filter(kind => prefixes.some(prefix => kind.startsWith(prefix)));
}

/** What a fault concerns. Two of the same go one after the other. */
export function targetOf({ kind, server }: PlannedFault): string {
  if (kind === 'dataEpoch') return 'postgres';
  const [target = kind] =
    /^(redisLink|databaseLink|redis|sentinel|cluster|postgres|process)/.exec(kind) ?? [];
  return /^(process|.*Link)$/.test(target) ? `${target} ${server}` : target;
}

/** Does it, waits, and takes it back. */
export async function carryOut(
  fault: PlannedFault,
  world: World,
  processes: Processes,
  began: (record: FaultRecord) => void,
): Promise<FaultRecord> {
  const effect = EFFECTS[fault.kind];
  const startMs = nowMs();
  const record = {
    kind: fault.kind,
    server: effect.shared === true ? undefined : fault.server,
    startMs,
    silent: effect.silent,
    stopped: effect.stopped === true,
  };
  began({ ...record, endMs: Number.POSITIVE_INFINITY });
  const heal = await effect.inject(world, fault, processes);
  if (heal !== undefined) {
    await pause(Math.min(fault.lastsMs, limitMs(fault.kind)));
    await heal();
  }
  return { ...record, endMs: nowMs() };
}

function limitMs(kind: FaultKind): number {
  if (kind === 'processStop') return Number.POSITIVE_INFINITY;
  return kind === 'redisKill' || kind === 'redisRewind' || kind === 'postgresKill'
    ? MAX_DOWN_MS
    : MAX_STOP_MS;
}

type Proxy = NonNullable<World['links'][number]['redis']>;

function onLink(
  link: 'redis' | 'database',
  act: (proxy: Proxy, fault: PlannedFault) => Promise<void>,
): Effect {
  return {
    silent: false,
    inject: async (world, fault) => {
      const proxy = world.links[fault.server]?.[link];
      if (proxy === undefined) return undefined;
      await act(proxy, fault);
      return () => proxy.heal();
    },
  };
}

async function delayed(proxy: Proxy, { delayMs, direction }: PlannedFault): Promise<void> {
  proxy.set({ kind: 'delay', ms: delayMs, jitterMs: delayMs, ...oneWay(direction) });
}

async function halfOpen(proxy: Proxy, { direction }: PlannedFault): Promise<void> {
  proxy.set({ kind: 'halfOpen', ...oneWay(direction) });
}

function oneWay(direction: PlannedFault['direction']) {
  return direction === 'both' ? {} : { direction };
}
