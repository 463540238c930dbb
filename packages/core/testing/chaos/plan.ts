import * as fc from 'fast-check';
import type { OrderOf } from './store-client.ts';

/** Faults that the suite knows. Times in milliseconds. */
export const FAULTS = [
  'redisKill',
  'redisRewind',
  'redisStop',
  'redisFlush',
  'redisEvict',
  'dataEpoch',
  'postgresKill',
  'postgresStop',
  'processKill',
  'processStop',
  'sentinelFailover',
  'sentinelHandOver',
  'clusterNodeKill',
  'redisLinkCut',
  'redisLinkDelay',
  'redisLinkHalfOpen',
  'redisLinkRefuse',
  'databaseLinkCut',
  'databaseLinkDelay',
  'databaseLinkHalfOpen',
  'databaseLinkRefuse',
] as const;
export type FaultKind = (typeof FAULTS)[number];

export interface PlannedFault {
  readonly kind: FaultKind;
  readonly server: number;
  /** From the beginning of the round. */
  readonly atMs: number;
  readonly lastsMs: number;
  readonly direction: 'toServer' | 'toClient' | 'both';
  readonly delayMs: number;
}

export interface PlannedOrder {
  readonly server: number;
  readonly order: OrderOf;
  /** Before the next order of the same lane. */
  readonly pauseMs: number;
}

export interface Round {
  readonly faults: readonly PlannedFault[];
  readonly orders: readonly PlannedOrder[];
}

export const ROUND_MS = 1200;
/** Few ids, so that many operations meet on each. */
export const IDS = ['alpha', 'bravo', 'charlie', 'delta'] as const;
/** Those that are deleted and made anew again and again. */
const CHURNED = IDS.slice(0, 2);
export const TERMINALS = ['terminal-1', 'terminal-2'] as const;
/** An order list is begun anew when it is used up. */
const ORDERS = 400;
const SOCKETS_PER_SERVER = 3;

/** The same seed and number make the same round. */
export function planRound(seed: number, number: number, servers: number, kinds: readonly FaultKind[]): Round {
  const [round] = fc.sample(roundOf(servers, kinds), { seed: seed + number * 7919, numRuns: 1 });
  if (round === undefined) throw new Error('no round was made');
  return round;
}

function roundOf(servers: number, kinds: readonly FaultKind[]): fc.Arbitrary<Round> {
  const server = fc.nat(servers - 1);
  const fault: fc.Arbitrary<PlannedFault> = fc.record({
    kind: fc.constantFrom(...kinds),
    server,
    atMs: fc.integer({ min: 20, max: ROUND_MS }),
    lastsMs: fc.oneof(
      { weight: 5, arbitrary: fc.integer({ min: 30, max: 1000 }) },
      { weight: 3, arbitrary: fc.integer({ min: 1000, max: 2600 }) },
      { weight: 1, arbitrary: fc.integer({ min: 2600, max: 6000 }) },
    ),
    direction: fc.constantFrom('toServer', 'toClient', 'both'),
    delayMs: fc.integer({ min: 5, max: 150 }),
  });
  return fc.record({
    faults:
      kinds.length === 0 ? fc.constant([]) : fc.array(fault, { minLength: 1, maxLength: 3, size: 'max' }),
    orders: fc.array(fc.record({ server, order: orderOf(), pauseMs: fc.integer({ min: 0, max: 16 }) }), {
      minLength: ORDERS,
      maxLength: ORDERS,
      size: 'max',
    }),
  });
}

function orderOf(): fc.Arbitrary<OrderOf> {
  const id = fc.constantFrom(...IDS);
  const on = (
    kind: 'create' | 'update' | 'increment' | 'locked' | 'claim' | 'delete' | 'read' | 'get',
    ids: fc.Arbitrary<string> = id,
  ) => fc.record({ do: fc.constant(kind), id: ids });
  const socketOrder = (kind: 'addSocket' | 'removeSocket' | 'makePrimary') =>
    fc.record({
      do: fc.constant(kind),
      terminal: fc.constantFrom(...TERMINALS),
      socket: fc.nat(SOCKETS_PER_SERVER - 1).map(number => `socket-${number}`),
    });
  const weighted = (weight: number, arbitrary: fc.Arbitrary<OrderOf>) => ({ weight, arbitrary });
  return fc.oneof(
    weighted(34, on('read')),
    weighted(10, on('get')),
    weighted(16, on('update')),
    weighted(10, on('increment')),
    weighted(6, on('locked')),
    weighted(3, on('claim')),
    weighted(5, on('delete', fc.constantFrom(...CHURNED))),
    weighted(9, on('create')),
    weighted(2, fc.constant({ do: 'list' } as const)),
    weighted(3, socketOrder('addSocket')),
    weighted(1, socketOrder('removeSocket')),
    weighted(1, socketOrder('makePrimary')),
  );
}
