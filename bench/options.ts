import { parseArgs } from 'node:util';
import { FLEET_MEASURE_NAMES, type FleetMeasureName } from './fleet/measure.ts';
import { type FleetScale, FULL_FLEET, QUICK_FLEET } from './fleet/scale.ts';
import { STORE_MEASURE_NAMES, type StoreMeasureName } from './hybrid-store/measure.ts';
import { FULL_STORE, QUICK_STORE, type StoreScale } from './hybrid-store/scale.ts';
import { MEASURES } from './measures/all.ts';
import type { Measure } from './measures/measure.ts';
import { PEERS, USUAL_PEERS } from './peers/all.ts';
import { PEER_NAMES, type Peer, type PeerName } from './peers/peer.ts';
import { FULL, QUICK, type Scale } from './scale.ts';

const SUITES = ['terminals', 'hybrid-store', 'fleet'] as const;
type Suite = (typeof SUITES)[number];

export const HELP = `Usage: npm run bench -- [options]

Measures triterm beside the programs that people use instead, as a person's terminal sees them.

  --suite NAME    terminals (default); hybrid-store: the store beside PostgreSQL, Redis and other caches;
                  fleet: many clients and many servers
  --only NAMES    measures, separated by commas: ${MEASURES.map(({ name }) => name).join(', ')};
                  of the hybrid store: ${STORE_MEASURE_NAMES.join(', ')};
                  of the fleet: ${FLEET_MEASURE_NAMES.join(', ')}
  --peers NAMES   whom to measure: ${PEER_NAMES.join(', ')}
                  (default: ${USUAL_PEERS.join(', ')})
  --quick         a tenth of everything: rough figures in little time
  --megabytes N   how much a program writes at a time (default: ${FULL.megabytes}, with --quick ${QUICK.megabytes})
  --rounds N      how often each trial is repeated (default: ${FULL.repetitions}, with --quick ${QUICK.repetitions})
  --json FILE     write everything that was measured as JSON
`;

export interface Options {
  readonly help: boolean;
  readonly suite: Suite;
  readonly measures: readonly Measure[];
  readonly peers: readonly Peer[];
  readonly quick: boolean;
  readonly scale: Scale;
  readonly storeMeasures: readonly StoreMeasureName[];
  readonly storeScale: StoreScale;
  readonly fleetMeasures: readonly FleetMeasureName[];
  readonly fleetScale: FleetScale;
  readonly jsonFile?: string;
}

export class UsageError extends Error {}

/** Throws UsageError. */
export function parseOptions(args: readonly string[]): Options {
  const values = parseWords(args);
  const base = values.quick ? QUICK : FULL;
  const storeBase = values.quick ? QUICK_STORE : FULL_STORE;
  const [suite = 'terminals'] = chosen<Suite>(values.suite, SUITES, name => name, 'suite');
  /** What `--only` says, when this is the suite that it is said of. */
  const onlyOf = (of: Suite) => (suite === of ? values.only : undefined);
  if (suite !== 'terminals' && (values.peers ?? values.megabytes) !== undefined)
    throw new UsageError(`The suite ${suite} takes neither --peers nor --megabytes.`);
  const rounds = wholeNumber('--rounds', values.rounds);
  return {
    help: values.help,
    suite,
    measures: chosen(onlyOf('terminals'), MEASURES, ({ name }) => name, 'measure'),
    peers: chosen<PeerName>(values.peers ?? USUAL_PEERS.join(), PEER_NAMES, name => name, 'peer').map(
      name => PEERS[name],
    ),
    quick: values.quick,
    scale: {
      ...base,
      megabytes: wholeNumber('--megabytes', values.megabytes) ?? base.megabytes,
      repetitions: rounds ?? base.repetitions,
    },
    storeMeasures: chosen<StoreMeasureName>(
      onlyOf('hybrid-store'),
      STORE_MEASURE_NAMES,
      name => name,
      'measure',
    ),
    storeScale: { ...storeBase, rounds: rounds ?? storeBase.rounds },
    fleetMeasures: chosen<FleetMeasureName>(onlyOf('fleet'), FLEET_MEASURE_NAMES, name => name, 'measure'),
    fleetScale: values.quick ? QUICK_FLEET : FULL_FLEET,
    ...(values.json === undefined ? {} : { jsonFile: values.json }),
  };
}

function parseWords(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        quick: { type: 'boolean', default: false },
        suite: { type: 'string' },
        only: { type: 'string' },
        peers: { type: 'string' },
        megabytes: { type: 'string' },
        rounds: { type: 'string' },
        json: { type: 'string' },
      },
    }).values;
  } catch (thrown) {
    throw new UsageError(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

/** In the order of all. */
function chosen<T>(
  names: string | undefined,
  all: readonly T[],
  nameOf: (one: T) => string,
  what: string,
): T[] {
  if (names === undefined) return [...all];
  const wanted = names.split(',').map(name => name.trim());
  const unknown = wanted.find(name => !all.some(one => nameOf(one) === name));
  if (unknown !== undefined)
    throw new UsageError(`There is no ${what} ${unknown}; there are: ${all.map(nameOf).join(', ')}.`);
  return all.filter(one => wanted.includes(nameOf(one)));
}

function wholeNumber(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new UsageError(`${option} takes a whole number, at least 1.`);
  return value;
}
