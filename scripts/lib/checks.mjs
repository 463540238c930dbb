import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { drillMutants } from './drill-mutation.mjs';
import { editsOf, MUTANTS } from './mutants.mjs';
import { mutated } from './mutation.mjs';
import { inRoot, ROOT } from './workspace.mjs';

const PACKAGES = ['packages/core', 'packages/daemon', 'packages/cli'];

/** What must hold besides the tests. Each returns what is wrong, as text; an empty one when nothing is. */
const CHECKS = [
  { name: 'types', run: node => tool(node, 'typescript/bin/tsc', ['-b', '--pretty', 'false']) },
  {
    name: 'lint and format',
    run: node =>
      tool(node, '@biomejs/biome/bin/biome', [
        'check',
        '--error-on-warnings',
        '--diagnostic-level=warn',
        '--colors=off',
      ]),
  },
  { name: 'import rules', run: checkImports },
  {
    name: 'dead exports',
    run: node => tool(node, 'knip/bin/knip.js', ['--no-progress', '--treat-config-hints-as-errors']),
  },
  { name: 'generated docs', run: checkGenerated },
  { name: 'versions', run: checkVersions },
  { name: 'safeguards', run: checkSafeguards },
];

/** Runs all of them at once and calls back as each ends. Resolves with `{name, failure, seconds}`, failures empty if passed. */
export function runChecks(node, ended) {
  return Promise.all(
    CHECKS.map(async ({ name, run }) => {
      const startedAt = performance.now();
      const failure = (await run(node)).trim();
      const result = { name, failure, seconds: (performance.now() - startedAt) / 1000 };
      ended(result);
      return result;
    }),
  );
}

/** One line, and below it what a failed one said. */
export function tellCheck({ name, failure, seconds }) {
  const mark = failure === '' ? 'ok  ' : 'FAIL';
  process.stdout.write(
    `${mark} ${name.padEnd(16)} ${seconds.toFixed(1)} s\n${failure === '' ? '' : `${failure}\n`}`,
  );
}

async function tool(node, file, args) {
  const { status, output } = await run(node, [inRoot(`node_modules/${file}`), ...args]);
  return status === 0 ? '' : output || `${file} left with ${status}`;
}

/** `output` is all that it said, `data` its stdout alone. */
async function run(node, args) {
  const child = spawn(node, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let data = '';
  child.stdout.setEncoding('utf8').on('data', text => {
    output += text;
    data += text;
  });
  child.stderr.setEncoding('utf8').on('data', text => {
    output += text;
  });
  const [code, signal] = await once(child, 'close');
  return { status: signal ?? code, output, data };
}

async function checkImports(node) {
  const { data, output } = await run(node, [
    inRoot('node_modules/dependency-cruiser/bin/dependency-cruiser.mjs'),
    ...PACKAGES.map(dir => `${dir}/src`),
    '--config',
    '.dependency-cruiser.mjs',
    '--output-type',
    'json',
  ]);
  let modules;
  let summary;
  try {
    ({ modules, summary } = JSON.parse(data));
  } catch {
    return output;
  }
  // It passes when it sees nothing, as it does where it lacks a parser for TypeScript.
  const unseen = PACKAGES.filter(dir => !modules.some(({ source }) => source.startsWith(`${dir}/src/`)));
  if (unseen.length > 0) return `dependency-cruiser has seen no module of ${unseen.join(', ')}`;
  return summary.violations
    .map(({ rule, from, to, cycle }) => {
      const way = cycle === undefined ? [to] : cycle.map(step => step.name ?? step);
      return `${rule.name}: ${from} → ${way.join(' → ')}`;
    })
    .join('\n');
}

/** Every `generate-….mjs` compares what it makes with what is there. */
async function checkGenerated(node) {
  const scripts = readdirSync(inRoot('scripts')).filter(file => file.startsWith('generate-'));
  const outputs = await Promise.all(
    scripts.map(async file => {
      const script = inRoot(`scripts/${file}`);
      const { status, output } = await run(node, ['--conditions=@triterm/source', script, '--check']);
      return status === 0 ? '' : output || `${file} left with ${status}`;
    }),
  );
  return outputs.join('');
}

/** Every text that a mutant takes away is where it is looked for: what guards against nothing is not seen to be missed. */
async function checkSafeguards() {
  const drills = (await drillMutants()).map(({ drill, edits }) => [`drill ${drill}`, edits]);
  const store = MUTANTS.map(mutant => [mutant.name, editsOf(mutant)]);
  return [...drills, ...store]
    .map(([name, edits]) => {
      try {
        mutated(name, edits, inRoot);
        return '';
      } catch (error) {
        return `${error.message}\n`;
      }
    })
    .join('');
}

/** One version everywhere: the packages, what they ask of each other, and the one that the programs tell. */
async function checkVersions() {
  const read = file => JSON.parse(readFileSync(inRoot(file), 'utf8'));
  const { version: wanted } = read('package.json');
  const { engines } = read(`${PACKAGES[0]}/package.json`);
  const faults = [];
  const expect = (where, found, right) => {
    if (found !== right) faults.push(`${where} is ${found}, and should be ${right}`);
  };
  for (const dir of PACKAGES) {
    const { version, engines: own, dependencies, devDependencies } = read(`${dir}/package.json`);
    expect(`${dir}: version`, version, wanted);
    expect(`${dir}: engines.node`, own.node, engines.node);
    for (const [name, range] of Object.entries({ ...dependencies, ...devDependencies }))
      if (name.startsWith('@triterm/')) expect(`${dir}: ${name}`, range, wanted);
  }
  const { packages } = read('package-lock.json');
  for (const dir of ['', ...PACKAGES]) expect(`package-lock.json: "${dir}"`, packages[dir]?.version, wanted);
  const source = readFileSync(inRoot('packages/core/src/protocol/version.ts'), 'utf8');
  expect('VERSION in version.ts', /VERSION = '([^']*)'/.exec(source)?.[1], wanted);
  return faults.join('\n');
}
