import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { DrillEvent, DrillReport } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import { chooseDrills } from '../drill/choose.ts';
import { listDrills, runDrills } from '../drill/drill-process.ts';
import { narrate, summary } from '../drill/narrator.ts';
import { createPrinter } from '../output/printer.ts';
import { confirm } from './confirm.ts';
import { type CommandContext, defineCommand } from './definition.ts';
import { stayLocal } from './stay-local.ts';

const NOT_HELD = 1;

export const command = defineCommand({
  spec: {
    summary: 'Bring failures about, and see whether triterm holds',
    details:
      'In a sandbox unless --live is given: daemons, Redis and database of their own, on private ports and ' +
      'directories, of the kind of database that is configured where its programs are here; all is removed afterwards. ' +
      '--live runs drills on the running daemon, with sessions of their own; those that let Redis fail do so for this ' +
      'daemon alone, for a few seconds. Redis is restored at the end, at Ctrl-C, and when this command is killed. ' +
      'Leaves with 0 only if every drill held; with 1 if one did not, and with 6 if one was skipped because what it needs is not here.',
    args: [{ name: 'NAME', description: 'drill, as `triterm drill ls` names it', repeat: true }],
    options: {
      all: { description: 'every drill' },
      sandbox: { description: 'on servers of its own; so it is unless --live is given' },
      live: { description: 'on the running system: every drill that is safe there, or those that are named' },
      yes: { short: 'y', description: 'do not ask before a live drill' },
      keep: {
        description: "keep the sandbox's daemons' directories, for a look; no data of Redis and PostgreSQL",
      },
      json: { description: 'print the reports as JSON' },
      junit: { value: 'FILE', description: 'write the reports as JUnit XML too', complete: 'file' },
    },
    examples: [
      ['triterm drill run redis-down', 'one, in a sandbox'],
      ['triterm drill run --all --junit drills.xml', 'all, for a CI system'],
      ['triterm drill run redis-down --live', 'on this daemon; asks first'],
    ],
  },
  async run({ options, args }, given) {
    const context = stayLocal(given, 'drill run');
    const { all, live, keep, json, junit } = options;
    if (live && options.sandbox) throw new TermError('USAGE', 'Give --sandbox or --live, not both.');
    if (live && keep) throw new TermError('USAGE', '--keep is about a sandbox; a live drill leaves nothing.');
    const chosen = chooseDrills(await listDrills(context), { names: args, all, live });
    const names = chosen.map(({ name }) => name);
    if (live && !options.yes && !(await confirm(question(names), context, '--yes'))) return NOT_HELD;
    const reports: DrillReport[] = [];
    const interruption = new AbortController();
    const tell = narrator(context, json);
    const junitFile = junit === undefined ? undefined : requirePlace(resolve(context.cwd(), junit));
    let failure: { readonly thrown: unknown } | undefined;
    await untilInterrupted(interruption, () =>
      runDrills(context, { names, live, keep }, interruption.signal, event => {
        tell(event);
        if (event.event === 'ended') reports.push(event.report);
      }),
    ).catch((thrown: unknown) => {
      failure = { thrown };
    });
    // Also those that were made before it failed: what stood there before would pass for them.
    if (json) createPrinter(context.stdout, context.env).json(reports);
    else context.stdout.write(`${summary(reports)}\n`);
    if (junitFile !== undefined) await writeJunit(junitFile, reports);
    if (failure !== undefined) throw failure.thrown;
    return interruption.signal.aborted ? INTERRUPTED : statusOf(reports, names.length);
  },
});

/** Minutes of drills are not to end in a report that cannot be written. Throws USAGE. */
function requirePlace(file: string): string {
  const directory = dirname(file);
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new TermError('USAGE', `There is no directory ${directory} for --junit.`);
  return file;
}

/** As a shell tells of a program that ended by SIGINT. */
const INTERRUPTED = 130;
const SKIPPED = new TermError('CACHE_UNAVAILABLE', '').exitCode;

function statusOf(reports: readonly DrillReport[], wanted: number): number {
  const verdicts = reports.map(({ verdict }) => verdict);
  if (verdicts.length === wanted && verdicts.every(verdict => verdict === 'held')) return 0;
  return verdicts.length === wanted && verdicts.every(verdict => verdict === 'held' || verdict === 'skipped')
    ? SKIPPED
    : NOT_HELD;
}

/** Progress is talk where the data is JSON. */
function narrator({ stdout, stderr, env }: CommandContext, json: boolean): (event: DrillEvent) => void {
  const stream = json ? stderr : stdout;
  const printer = createPrinter(stream, env);
  return event => {
    for (const line of narrate(event, printer.paint)) printer.line(line);
  };
}

function question(names: readonly string[]): string {
  return `This drills the running daemon: ${names.join(', ')}.\nRedis may fail for it for some seconds; sessions go on. Go on? [y/N] `;
}

/** The first signal ends the drill, which clears up; those that follow change nothing. */
async function untilInterrupted(interruption: AbortController, work: () => Promise<void>): Promise<void> {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const interrupt = () => interruption.abort();
  for (const signal of signals) process.on(signal, interrupt);
  try {
    await work();
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
}

async function writeJunit(file: string, reports: readonly DrillReport[]): Promise<void> {
  const [{ junitXml }, { fileError, writeFileAtomic }] = await Promise.all([
    import('../drill/junit.ts'),
    import('@triterm/core/config'),
  ]);
  try {
    await writeFileAtomic(file, junitXml(reports), { mode: 0o644 });
  } catch (thrown) {
    throw fileError(thrown, `Cannot write ${file}`);
  }
}
