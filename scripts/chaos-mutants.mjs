/**
 * Takes away each safeguard of the hybrid store in turn, in a copy of its sources, and sees whether the suite catches it:
 * `npm run chaos:mutants [-- NAME…]`. Ends with 1 when one survives, or when a safeguard is not where it is looked for. With `--random`
 * scenarios are left out: only what chance brings about in a chaos run may catch them, which not every one is.
 */

import { editsOf, MUTANTS } from './lib/mutants.mjs';
import { runNode, SourceCopy, table } from './lib/mutation.mjs';

const PLAY = 'packages/core/testing/chaos/scenarios/play.ts';
const CHAOS = 'scripts/chaos.mjs';
/** What runs, and nothing that was built from it. */
const PARTS = [
  'package.json',
  'scripts',
  'packages/core/package.json',
  'packages/core/src',
  'packages/core/testing',
];
const DEADLINE_MS = 180_000;
const RANDOM_RUN = ['--rounds', '20', '--seed', '11', '--quiet'];

const isRandom = process.argv.includes('--random');
const wanted = process.argv.slice(2).filter(word => word !== '--random');
const chosen = MUTANTS.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const unknown = wanted.filter(name => !MUTANTS.some(mutant => mutant.name === name));
if (unknown.length > 0) throw new Error(`there is no mutant ${unknown.join(', ')}`);

const copy = new SourceCopy(PARTS);
try {
  for (const mutant of chosen) copy.check(mutant.name, editsOf(mutant));
  if (!isRandom) {
    const healthy = await play([...new Set(chosen.flatMap(({ scenarios }) => scenarios))]);
    if (healthy.code !== 0) throw new Error(`without any mutation the scenarios fail:\n${healthy.output}`);
  }
  const rows = [];
  for (const mutant of chosen) {
    const row = await attempt(mutant);
    rows.push(row);
    console.log(
      `${row.caught === undefined ? 'SURVIVED' : 'caught'} ${mutant.name}: ${row.caught ?? 'by nothing'} (${row.seconds} s)`,
    );
  }
  console.log(`\n${summary(rows)}`);
  if (rows.some(({ caught }) => caught === undefined)) process.exitCode = 1;
} finally {
  copy.dispose();
}

async function attempt(mutant) {
  const startedMs = performance.now();
  const caught = await copy.edited(mutant.name, editsOf(mutant), () => catcher(mutant));
  return { mutant, caught, seconds: ((performance.now() - startedMs) / 1000).toFixed(1) };
}

/** Which scenario or invariant failed; undefined when none did. Something else that fails is no catch. */
async function catcher({ name, scenarios, chaos = isRandom ? RANDOM_RUN : undefined }) {
  if (scenarios.length > 0 && !isRandom) {
    const { output } = await play(scenarios);
    const failed = /^failed (\S+) \((I\d+)/m.exec(output);
    if (failed !== null) return `${failed[2]}, scenario ${failed[1]}`;
    if (!output.includes('passed')) throw new Error(`mutant ${name} does not run:\n${output}`);
  }
  if (chaos !== undefined) {
    const { output } = await run(CHAOS, chaos);
    const violated = /^(I\d+)[ :]/m.exec(output);
    if (violated !== null) return `${violated[1]}, chaos run`;
    if (!output.includes('no violation')) throw new Error(`mutant ${name} does not run:\n${output}`);
  }
  return undefined;
}

function play(scenarios) {
  return run(PLAY, scenarios);
}

/** Runs a program of the copy to its end. */
function run(file, args) {
  return runNode([copy.path(file), ...args], { cwd: copy.dir, deadlineMs: DEADLINE_MS });
}

function summary(rows) {
  return table(
    ['mutant', 'what it takes away', 'caught by', 'after'],
    rows.map(({ mutant, caught, seconds }) => [
      mutant.name,
      mutant.without,
      caught ?? 'SURVIVED',
      `${seconds} s`,
    ]),
  );
}
