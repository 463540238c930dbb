import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inRoot, ROOT, STATE_DIR, Stop, say } from './workspace.mjs';

const STAMP = join(STATE_DIR, 'build');

const INPUTS = [
  'package-lock.json',
  'tsconfig.base.json',
  'turbo.json',
  'scripts/bundle.mjs',
  'scripts/bundle',
  'packages/core/testing/contracts',
  'packages/core/testing/store',
  ...['core', 'daemon', 'cli'].flatMap(name =>
    ['package.json', 'tsconfig.json', 'src'].map(part => `packages/${name}/${part}`),
  ),
];

const OUTPUTS = [
  'packages/core/dist/protocol/index.js',
  'packages/daemon/dist/bundle/tritermd.mjs',
  'packages/cli/dist/bundle/triterm.mjs',
];

/** Whether nothing has changed since the last build. A look at times and sizes; turbo looks at contents. */
export function isBuilt() {
  return OUTPUTS.every(file => existsSync(inRoot(file))) && readStamp() === fingerprint();
}

/** Throws a Stop with what the build said when it fails. */
export function build(node) {
  say('building');
  const inputs = fingerprint();
  rmSync(STAMP, { force: true });
  const { error, status, stdout, stderr } = spawnSync(
    node,
    [inRoot('node_modules/turbo/bin/turbo'), 'run', 'build', '--output-logs=errors-only'],
    {
      cwd: ROOT,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      env: {
        ...process.env,
        // Where the lock file's Node was not installed, this is the host's.
        PATH: `${inRoot('node_modules/.bin')}:${dirname(node)}:${process.env.PATH}`,
        TURBO_TELEMETRY_DISABLED: '1',
      },
    },
  );
  if (error !== undefined || status !== 0) {
    process.stderr.write(`${stdout ?? ''}${stderr ?? ''}`);
    throw new Stop(
      `the build failed${error === undefined ? '' : `: ${error.message}`}.`,
      'Mend what it says above; `npm run build` repeats it.',
    );
  }
  mkdirSync(STATE_DIR, { recursive: true });
  writeFileSync(STAMP, inputs);
}

function readStamp() {
  try {
    return readFileSync(STAMP, 'utf8');
  } catch {
    return undefined;
  }
}

function fingerprint() {
  const hash = createHash('sha256');
  for (const input of INPUTS) {
    for (const file of filesBelow(inRoot(input))) {
      const { size, mtimeMs } = statSync(file);
      hash.update(`${file}\0${size}\0${mtimeMs}\n`);
    }
  }
  return hash.digest('hex');
}

function* filesBelow(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isDirectory()) {
    if (!path.endsWith('.test.ts')) yield path;
    return;
  }
  for (const entry of readdirSync(path).sort()) {
    if (entry !== 'testing') yield* filesBelow(join(path, entry));
  }
}
