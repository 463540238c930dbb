/**
 * Real stores against real servers, with faults, for as long as is wanted:
 * `npm run chaos -- --minutes 30 --seed 1 --database postgres --redis single`. Ends with 1 when an invariant was violated.
 */
import { parseArgs } from 'node:util';
import { runChaos } from '../packages/core/testing/chaos/chaos.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e6)) },
    database: { type: 'string', default: 'postgres' },
    redis: { type: 'string', default: 'single' },
    servers: { type: 'string', default: '3' },
    'first-round': { type: 'string', default: '0' },
    rounds: { type: 'string', default: 'Infinity' },
    fault: { type: 'string', multiple: true },
    quiet: { type: 'boolean', default: false },
  },
});

function oneOf(option, known) {
  const value = values[option];
  if (!known.includes(value)) throw new Error(`--${option} is one of ${known.join(', ')}`);
  return value;
}

const log = line => {
  if (!values.quiet) console.log(line);
};

try {
  log(`seed ${values.seed}`);
  const figures = await runChaos({
    database: oneOf('database', ['postgres', 'sqlite']),
    redis: oneOf('redis', ['none', 'single', 'sentinel', 'cluster']),
    servers: Number(values.servers),
    seed: Number(values.seed),
    firstRound: Number(values['first-round']),
    rounds: Number(values.rounds),
    limitMs: Number(values.minutes) * 60_000,
    log,
    ...(values.fault === undefined ? {} : { faults: values.fault }),
  });
  console.log(['no violation', ...figures.lines()].join('\n'));
} catch (error) {
  console.error(error instanceof Error ? error.stack : error);
  process.exitCode = 1;
}
// Everything was ended; a timer that still waits for nothing must not keep anybody waiting.
process.exit();
