import { openPlaces } from './contestant.ts';
import { Workplace } from './host/workplace.ts';
import { HELP, type Options, parseOptions, UsageError } from './options.ts';
import type { Peer } from './peers/peer.ts';
import { publish } from './report/publish.ts';
import { Results } from './results.ts';
import { judge, TARGETS } from './targets.ts';

const INTERRUPTED_EXIT_CODE = 130;

/** Returns the exit code: targets that are not met are told, not failed. */
export async function main(args: readonly string[]): Promise<number> {
  let options: Options;
  try {
    options = parseOptions(args);
  } catch (thrown) {
    if (!(thrown instanceof UsageError)) throw thrown;
    process.stderr.write(`bench: ${thrown.message}\n\n${HELP}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  leaveNothingBehind();
  for (const place of Workplace.abandoned()) await place.clear();
  if (options.suite === 'hybrid-store') await measureHybridStore(options);
  else if (options.suite === 'fleet') await measureServers(options);
  else await measure(options);
  return 0;
}

async function measure({ measures, peers, quick, scale, jsonFile }: Options): Promise<void> {
  const startedAt = new Date().toISOString();
  const present: { peer: Peer; version: string }[] = [];
  for (const peer of peers) {
    const found = await peer.find();
    if (found.version !== undefined) present.push({ peer, version: found.version });
    else tell(`${peer.name} is left out: ${found.missing}`);
  }
  const results = new Results();
  const context = { peers: present.map(({ peer }) => peer), scale, results, progress: tell };
  for (const each of measures) await each.run(context);

  publish({
    startedAt,
    about: [
      `${quick ? 'a quick run: rough figures' : 'a full run'}: ${scale.megabytes} MB, ${scale.repetitions} rounds`,
      ...present.map(
        ({ peer, version }) => `${peer.name}: ${[version, peer.remark].filter(Boolean).join('; ')}`,
      ),
    ],
    facts: {
      quick,
      scale,
      peers: present.map(({ peer, version }) => ({ name: peer.name, version, remark: peer.remark })),
    },
    results,
    judgements: judge(results, TARGETS),
    jsonFile,
  });
}

async function measureHybridStore({ storeMeasures, quick, storeScale, jsonFile }: Options): Promise<void> {
  const startedAt = new Date().toISOString();
  const [{ measureStore }, { STORE_TARGETS }] = await Promise.all([
    import('./hybrid-store/suite.ts'),
    import('./hybrid-store/targets.ts'),
  ]);
  const results = new Results();
  await measureStore({ measures: storeMeasures, scale: storeScale, results, progress: tell });
  publish({
    startedAt,
    about: [
      `${quick ? 'a quick run: rough figures' : 'a full run'} of the hybrid store: ${storeScale.reads} reads of ${storeScale.sessions} sessions, ${storeScale.rounds} rounds`,
    ],
    facts: { suite: 'hybrid-store', quick, scale: storeScale },
    results,
    judgements: judge(results, STORE_TARGETS),
    jsonFile,
  });
}

async function measureServers({ fleetMeasures, quick, fleetScale, jsonFile }: Options): Promise<void> {
  const startedAt = new Date().toISOString();
  const [{ measureFleet }, { FLEET_TARGETS }] = await Promise.all([
    import('./fleet/suite.ts'),
    import('./fleet/targets.ts'),
  ]);
  const results = new Results();
  await measureFleet({ measures: fleetMeasures, scale: fleetScale, results, progress: tell });
  publish({
    startedAt,
    about: [
      `${quick ? 'a quick run: rough figures' : 'a full run'} of many servers and devices: up to ${fleetScale.clients.at(-1)} clients, ${fleetScale.sockets.at(-1)} sockets; clients share the machine with the servers`,
    ],
    facts: { suite: 'fleet', quick, scale: fleetScale },
    results,
    judgements: judge(results, FLEET_TARGETS),
    jsonFile,
  });
}

/** However the harness ends, nothing that it started stays. */
function leaveNothingBehind(): void {
  const clear = () => {
    for (const place of openPlaces) place.clearNow();
  };
  process.on('exit', clear);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => process.exit(INTERRUPTED_EXIT_CODE));
}

function tell(what: string): void {
  process.stderr.write(`${what}\n`);
}
