/**
 * Takes away each safeguard of the hybrid store in turn, in a copy of its sources, and sees whether the suite catches it:
 * `npm run chaos:mutants [-- NAME…]`. Ends with 1 when one survives, or when a safeguard is not where it is looked for. With `--random`
 * scenarios are left out: only what chance brings about in a chaos run may catch them, which not every one is.
 */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MUTANTS } from './lib/mutants.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const STORE = 'packages/core/src/store';
const PLAY = 'packages/core/testing/chaos/scenarios/play.ts';
const CHAOS = 'scripts/chaos.mjs';
const DEADLINE_MS = 180_000;
const RANDOM_RUN = ['--rounds', '20', '--seed', '11', '--quiet'];

const isRandom = process.argv.includes('--random');
const wanted = process.argv.slice(2).filter(word => word !== '--random');
const chosen = MUTANTS.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const unknown = wanted.filter(name => !MUTANTS.some(mutant => mutant.name === name));
if (unknown.length > 0) throw new Error(`there is no mutant ${unknown.join(', ')}`);

const dir = mkdtempSync(join(tmpdir(), 'triterm-mutants-'));
try {
  copySources();
  for (const mutant of chosen) mutated(mutant);
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
  console.log(`\n${table(rows)}`);
  if (rows.some(({ caught }) => caught === undefined)) process.exitCode = 1;
} finally {
  rmSync(dir, { recursive: true, force: true });
}

/** What runs, and nothing that was built from it. */
function copySources() {
  const parts = [
    'package.json',
    'scripts',
    'packages/core/package.json',
    'packages/core/src',
    'packages/core/testing',
  ];
  for (const part of parts) cpSync(join(ROOT, part), join(dir, part), { recursive: true });
  for (const modules of ['node_modules', 'packages/core/node_modules'])
    if (existsSync(join(ROOT, modules))) symlinkSync(join(ROOT, modules), join(dir, modules));
}

/** The files of a mutant with its edits made. Throws when a text is not there exactly once. */
function mutated({ name, edits }) {
  const files = new Map();
  for (const { file, find, replace } of edits) {
    const path = join(dir, STORE, file);
    const text = files.get(path) ?? readFileSync(path, 'utf8');
    const matches = text.split(find).length - 1;
    if (matches !== 1)
      throw new Error(`mutant ${name}: its text is ${matches} times in ${file}, not once:\n${find}`);
    files.set(
      path,
      text.replace(find, () => replace),
    );
  }
  return files;
}

async function attempt(mutant) {
  const files = mutated(mutant);
  const before = new Map([...files.keys()].map(path => [path, readFileSync(path, 'utf8')]));
  const startedMs = performance.now();
  try {
    for (const [path, text] of files) writeFileSync(path, text);
    const caught = await catcher(mutant);
    return { mutant, caught, seconds: ((performance.now() - startedMs) / 1000).toFixed(1) };
  } finally {
    for (const [path, text] of before) writeFileSync(path, text);
  }
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
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--no-warnings', join(dir, file), ...args], {
      cwd: dir,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', chunk => {
        output += String(chunk);
      });
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${file} did not end in ${DEADLINE_MS / 1000} s:\n${output}`));
    }, DEADLINE_MS);
    child.once('error', reject);
    child.once('close', code => {
      clearTimeout(timer);
      resolve({ code, output });
    });
  });
}

function table(rows) {
  const lines = rows.map(
    ({ mutant, caught, seconds }) =>
      `| ${mutant.name} | ${mutant.without} | ${caught ?? 'SURVIVED'} | ${seconds} s |`,
  );
  return ['| mutant | what it takes away | caught by | after |', '|---|---|---|---|', ...lines].join('\n');
}
