#!/usr/bin/env node
/**
 * bundle.mjs cli|daemon: the program files of a package, from its sources into its dist/bundle.
 *
 * What a program loads costs start-up time, so each loads few files: a command of the client what all have in common and
 * its own, the daemon one for each process or thread.
 */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundleClient } from './bundle/client.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const BUNDLES = { cli: () => bundleClient(bundle, packageDir), daemon: bundleDaemon };

const name = process.argv[2] ?? '';
if (!Object.hasOwn(BUNDLES, name)) {
  process.stderr.write(`usage: bundle.mjs ${Object.keys(BUNDLES).join('|')}\n`);
  process.exit(2);
}
const packageDir = join(ROOT, 'packages', name);
const outdir = join(packageDir, 'dist/bundle');
const fresh = `${outdir}.new-${process.pid}`;
const old = `${outdir}.old-${process.pid}`;
try {
  const { inputs } = await BUNDLES[name]();
  writeFileSync(join(fresh, 'LICENSES.txt'), licensesOf(Object.keys(inputs)));
  // Exchanged whole, so that a program that is started meanwhile does not find a half of it.
  if (existsSync(outdir)) renameSync(outdir, old);
  renameSync(fresh, outdir);
} finally {
  rmSync(fresh, { recursive: true, force: true });
  rmSync(old, { recursive: true, force: true });
}

async function bundle(options) {
  const { metafile } = await build({
    absWorkingDir: packageDir,
    outdir: fresh,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22.15',
    conditions: ['@triterm/source'],
    define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
    // Names stay: a stack trace in somebody's log must be readable.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
    ...options,
  });
  return metafile;
}

function bundleDaemon() {
  return bundle({
    // The names are those of `packages/daemon/src/entry-points.ts`, which expects them side by side.
    entryPoints: {
      tritermd: 'src/main.ts',
      'triterm-pty-host': 'src/pty-host/main.ts',
      'triterm-drill': 'src/drill/main.ts',
      'screen-worker': 'src/screen/worker.ts',
      'store-worker': '../core/src/store/sqlite/worker.ts',
    },
    // What only some need (drivers of Redis and PostgreSQL, metrics) is loaded by those who use it. Chunks lie beside the programs.
    splitting: true,
    chunkNames: 'chunk-[hash]',
    // Native code stays in packages of its own.
    external: ['better-sqlite3', 'node-pty'],
    // Bundled CommonJS modules ask for Node's own by `require`, which ES modules do not have.
    banner: {
      js:
        'import { createRequire as createBundleRequire } from "node:module";' +
        'const require = createBundleRequire(import.meta.url);',
    },
  });
}

/** The licences of the packages that the files belong to; they ask to be handed on with every copy. */
function licensesOf(files) {
  const dirs = new Set();
  for (const file of files) {
    const dir = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
    if (dir !== undefined) dirs.add(join(packageDir, dir));
  }
  return [...dirs]
    .sort()
    .map(dir => {
      const { name, version, license } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'));
      const texts = readdirSync(dir).filter(entry => /^licen[cs]e/i.test(entry));
      const text = texts.map(entry => readFileSync(join(dir, entry), 'utf8').trim()).join('\n\n');
      return `${name} ${version} (${license})\n\n${text}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}
