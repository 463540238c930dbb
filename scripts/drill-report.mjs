/**
 * docs/drills.md: `npm run drill:report`. Runs every drill of the built programs three times in a row in a sandbox, on PostgreSQL, takes
 * each one's safeguard away, and writes down what was seen. Ends with 1, and writes nothing, when a drill did not hold or a
 * safeguard was not missed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { inRoot } from './lib/workspace.mjs';

const RUNS = 3;
const TEMPLATE = 'scripts/lib/drills.md';
const PAGE = 'docs/drills.md';

const runs = [];
for (let run = 1; run <= RUNS; run += 1) {
  console.error(`run ${run} of ${RUNS}`);
  runs.push(await drillAll());
}
console.error('without the safeguards');
const mutants = await withoutSafeguards();
const missed = [
  ...runs
    .flat()
    .filter(({ verdict }) => verdict !== 'held')
    .map(({ name, reason }) => `${name}: ${reason}`),
  ...mutants
    .filter(({ caught }) => caught === null)
    .map(({ drill }) => `${drill} holds without its safeguard`),
];
if (missed.length > 0) {
  console.error(missed.join('\n'));
  process.exit(1);
}
const sections = runs[0].map(({ name }) => section(name)).join('\n');
writeFileSync(inRoot(PAGE), `${readFileSync(inRoot(TEMPLATE), 'utf8').trimEnd()}\n\n${sections}`);
console.error(`wrote ${PAGE}`);

/** The reports of one run of all. */
async function drillAll() {
  const home = mkdtempSync(join(tmpdir(), 'triterm-report-'));
  try {
    // Only the kind of this database is looked at.
    const env = { HOME: home, PATH: path(), DATABASE_URL: 'postgres://nobody@127.0.0.1/none' };
    return JSON.parse(
      await output([inRoot('packages/cli/bin/triterm.cjs'), 'drill', 'run', '--all', '--json'], env),
    );
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function withoutSafeguards() {
  const lines = await output([inRoot('scripts/drill-mutants.mjs'), '--json', '--mutants-only'], {
    ...process.env,
    PATH: path(),
  });
  return lines
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));
}

/** What a program prints, whatever it ends with. */
async function output(args, env) {
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', chunk => {
    text += chunk;
  });
  await once(child, 'close');
  return text;
}

function path() {
  return `${dirname(process.execPath)}${delimiter}${process.env.PATH}`;
}

function section(name) {
  const reports = runs.map(run => run.find(report => report.name === name));
  const { summary, hypothesis, needs, live, claims, database } = reports[0];
  return [
    `### ${name}`,
    '',
    `${summary}. ${live ? 'Also live. ' : ''}Needs ${needs.join(', ') || 'nothing'}; ran on ${database}.`,
    '',
    `*${hypothesis}*`,
    '',
    ...claims.map(({ claim, found }) => `- ${plain(claim)}${found === '' ? '' : ` (${plain(found)})`}`),
    '',
    `Held ${reports.length} times of ${reports.length}, in ${reports.map(({ durationMs }) => (durationMs / 1000).toFixed(1)).join(', ')} s.`,
    ...measured(reports),
    '',
    ...mutants
      .filter(({ drill }) => drill === name)
      .map(
        ({ without, caught, found }) =>
          `Fails when this is taken away: ${plain(without)}. Not true any more: “${plain(caught)}” (${plain(found)}).`,
      ),
    '',
  ].join('\n');
}

/** Each figure as the runs had it. */
function measured(reports) {
  const names = [...new Set(reports.flatMap(({ measurements }) => measurements.map(({ what }) => what)))];
  if (names.length === 0) return [];
  const figures = names.map(name => {
    const all = reports.map(({ measurements }) => measurements.find(({ what }) => what === name));
    const unit = all.find(figure => figure !== undefined)?.unit ?? '';
    return `| ${plain(name)} | ${all.map(figure => (figure === undefined ? '–' : `${figure.value} ${unit}`.trim())).join(' | ')} |`;
  });
  return ['', '| measured | run 1 | run 2 | run 3 |', '|---|---|---|---|', ...figures];
}

/** Text that Markdown shows as it is. */
function plain(text) {
  return text.replaceAll(/[\\`*_<>|[\]]/g, character => `\\${character}`).replaceAll('\n', ' ');
}
