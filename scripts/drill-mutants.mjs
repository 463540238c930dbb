/**
 * Takes away the safeguard that each drill is about, in a copy of the sources, and sees whether the drill fails:
 * `npm run drill:mutants [-- [--jobs N] [--mutants-only] [--json] DRILL…]`. With `--mutants-only` it is not tried beforehand whether
 * the drills hold as things are; `--json` prints one object a line. Ends with 1 when a drill holds all the same, when it has no
 * mutant, or when a safeguard is not where it is looked for.
 */
import { parseArgs } from 'node:util';
import { DrillCopy, drillMutants, withCopies } from './lib/drill-mutation.mjs';
import { table } from './lib/mutation.mjs';

const { values, positionals: wanted } = parseArgs({
  options: {
    jobs: { type: 'string', default: '2' },
    'mutants-only': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const jobs = Number(values.jobs);
if (!Number.isInteger(jobs) || jobs < 1) throw new Error('--jobs takes a number of at least 1');

// The copies go with the process.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
const mutants = await drillMutants();
const drills = await checkedDrills();
const chosen = mutants.filter(({ drill }) => wanted.length === 0 || wanted.includes(drill));
if (!values['mutants-only']) await checkHealth([...new Set(chosen.map(({ drill }) => drill))]);
const rows = [];
await withCopies(jobs, chosen, async (copy, mutant) => {
  const row = await attempt(copy, mutant);
  rows.push(row);
  tell(row);
});
if (!values.json) console.log(`\n${summary(rows)}`);
const bare = wanted.length > 0 ? [] : drills.filter(name => !mutants.some(({ drill }) => drill === name));
for (const name of bare) console.error(`drill ${name} has no mutant`);
if (bare.length > 0 || rows.some(({ caught }) => caught === null)) process.exitCode = 1;

/** Names of all drills. Throws before anything is tried when somebody has written what can't be. */
async function checkedDrills() {
  const copy = new DrillCopy();
  try {
    const names = await copy.names();
    for (const name of [...wanted, ...mutants.map(({ drill }) => drill)])
      if (!names.includes(name)) throw new Error(`there is no drill ${name}`);
    for (const name of wanted)
      if (!mutants.some(({ drill }) => drill === name)) throw new Error(`drill ${name} has no mutant`);
    for (const mutant of mutants) copy.check(mutant);
    return names;
  } finally {
    copy.dispose();
  }
}

/** A drill that fails as things are proves nothing with its safeguard gone. */
async function checkHealth(names) {
  await withCopies(jobs, names, async (copy, name) => {
    const { verdict, reason } = await copy.untouched(name);
    if (verdict !== 'held')
      throw new Error(`without any mutation drill ${name} ends with ${verdict}: ${reason}`);
  });
}

/** `caught`: the claim that broke; null when none did. A drill that could not be carried out has caught nothing. */
async function attempt(copy, mutant) {
  const { drill, without } = mutant;
  const startedMs = performance.now();
  const { verdict, reason, claims } = await copy.mutated(mutant);
  const broken = claims.find(({ held }) => !held);
  return {
    drill,
    without,
    caught: broken?.claim ?? null,
    found: broken?.found ?? reason ?? verdict,
    seconds: Number(((performance.now() - startedMs) / 1000).toFixed(1)),
  };
}

function tell(row) {
  const { drill, caught, found, seconds } = row;
  if (values.json) console.log(JSON.stringify(row));
  else if (caught === null) console.log(`SURVIVED ${drill}: ${found} (${seconds} s)`);
  else console.log(`caught ${drill}: not true that ${caught}: ${found} (${seconds} s)`);
}

function summary(rows) {
  return table(
    ['drill', 'what is taken away', 'claim that breaks', 'after'],
    rows.map(({ drill, without, caught, seconds }) => [drill, without, caught ?? 'SURVIVED', `${seconds} s`]),
  );
}
