import { parseArgs } from 'node:util';
import { resolvePaths } from '@triterm/core/config';
import { databaseSettings, loadConfig } from '@triterm/core/config/load';
import type { DrillEvent } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import { DRILLS } from './catalog.ts';
import { infoOf, runDrill } from './run-drill.ts';

/**
 * triterm-drill ls | run [--live] [--keep] NAME…: what `triterm drill` runs. Tells on standard output, one JSON object a line: for `ls`
 * each DrillInfo, for `run` each DrillEvent. Ends what it does when its standard input ends, or at SIGINT, SIGTERM and SIGHUP.
 * Exits with 0 if it could do what was asked, whatever the verdicts are.
 */
async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { live: { type: 'boolean' }, keep: { type: 'boolean' } },
    allowPositionals: true,
  });
  const [verb, ...names] = positionals;
  if (verb === 'ls') {
    for (const drill of DRILLS) say(infoOf(drill));
    return;
  }
  if (verb !== 'run') throw new TermError('USAGE', 'triterm-drill takes ls or run.');
  await run(names, values.live === true ? 'live' : 'sandbox', values.keep === true);
}

async function run(names: readonly string[], mode: 'live' | 'sandbox', keep: boolean): Promise<void> {
  const drills = names.map(name => {
    const found = DRILLS.find(drill => drill.name === name);
    if (found === undefined)
      throw new TermError('USAGE', `There is no drill ${name}.`, { hint: 'See `triterm drill ls`.' });
    return found;
  });
  const paths = resolvePaths();
  const database = databaseSettings(loadConfig(paths), paths).kind;
  const signal = whenAskedToEnd();
  for (const drill of drills) {
    if (signal.aborted) break;
    await runDrill(drill, { mode, keep, database, socket: paths.socket }, signal, say);
  }
}

/** Aborts when whoever started us wants no more, or is gone. */
function whenAskedToEnd(): AbortSignal {
  const controller = new AbortController();
  const end = () => controller.abort(new Error('interrupted'));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  process.stdin.on('end', end).on('error', end).resume();
  return controller.signal;
}

function say(line: DrillEvent | object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

// A reader that is gone takes nothing more; the drill ends by its standard input.
process.stdout.on('error', () => {});

main(process.argv.slice(2)).then(
  () => process.exit(0),
  (thrown: unknown) => {
    const error = TermError.from(thrown);
    process.stderr.write(`triterm-drill: ${error.message}\n  ${error.hint}\n`);
    process.exit(error.exitCode);
  },
);
