#!/usr/bin/env node
/**
 * bundle.mjs cli|daemon: the program files of a package, from its sources into its dist/bundle.
 *
 * What a program loads costs start-up time, so each loads few files: the client one and what few commands need, the
 * daemon one for each process or thread.
 */
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { lazyBuiltins, lazyImports } from './bundle/lazy.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const BUNDLES = {
  cli: {
    entryPoints: { triterm: 'src/main.ts' },
    splitting: true,
    plugins: [
      lazyBuiltins(),
      // Behind these stand large packages: zod, commander, ink.
      lazyImports({
        sources: join(ROOT, 'packages'),
        apart: /\/(?:(?:doctor|help|parse-line)\.ts|tui\/[^/]+)$/,
        hub: join(ROOT, 'packages/cli/src/commands/route.ts'),
      }),
    ],
    // ink loads it in its development mode only, which the definitions below rule out.
    external: ['./devtools.js'],
  },
  daemon: {
    // The names are those of `packages/daemon/src/entry-points.ts`, which expects them side by side.
    entryPoints: {
      tritermd: 'src/main.ts',
      'triterm-pty-host': 'src/pty-host/main.ts',
      'screen-worker': 'src/screen/worker.ts',
      'store-worker': '../core/src/store/sqlite/worker.ts',
    },
    // Native code stays in packages of its own.
    external: ['better-sqlite3', 'node-pty'],
    // Bundled CommonJS modules ask for Node's own by `require`, which ES modules do not have.
    banner: {
      js:
        'import { createRequire as createBundleRequire } from "node:module";' +
        'const require = createBundleRequire(import.meta.url);',
    },
  },
};

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
  const { metafile } = await build({
    absWorkingDir: packageDir,
    ...BUNDLES[name],
    outdir: fresh,
    outExtension: { '.js': '.mjs' },
    chunkNames: '[name]-[hash]',
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
  });
  if (name === 'cli') refuseHeavyStart(metafile);
  writeFileSync(join(fresh, 'LICENSES.txt'), licensesOf(Object.keys(metafile.inputs)));
  // Exchanged whole, so that a program that is started meanwhile does not find a half of it.
  if (existsSync(outdir)) renameSync(outdir, old);
  renameSync(fresh, outdir);
} finally {
  rmSync(fresh, { recursive: true, force: true });
  rmSync(old, { recursive: true, force: true });
}

/** What every command loads is our own code and nothing else. Throws where a package has come in by a static import. */
function refuseHeavyStart({ outputs }) {
  const loaded = new Set(Object.keys(outputs).filter(file => file.endsWith('/triterm.mjs')));
  for (const file of loaded) {
    const { imports, inputs } = outputs[file];
    for (const { path, kind } of imports)
      if (kind === 'import-statement' && path in outputs) loaded.add(path);
    const foreign = Object.keys(inputs).find(input => input.includes('node_modules/'));
    if (foreign !== undefined)
      throw new Error(
        `${foreign} is loaded by every command: import it dynamically, from a file that is \`apart\``,
      );
  }
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
