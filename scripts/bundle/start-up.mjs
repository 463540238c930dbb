import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';

/**
 * esbuild plugin: Node's own modules are loaded when one of their members is first used. An `import` of node:fs loads
 * them at once and runs all their getters, some of which load much more: 3 ms of a start of 25.
 *
 * In our own sources only: others use them as a whole (`import fs from 'fs'`), and are given that.
 */
export function lazyBuiltins({ sources }) {
  return {
    name: 'lazy-builtins',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^[a-z]/ }, ({ path, kind, importer }) => {
        if (!isBuiltin(path) || kind === 'dynamic-import') return undefined;
        const namespace = importer.startsWith(sources) ? 'lazy-builtin' : 'builtin';
        return { path: path.replace(/^node:/, ''), namespace, sideEffects: false };
      });
      onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
        contents: `module.exports = process.getBuiltinModule('node:${path}');`,
      }));
      onLoad({ filter: /.*/, namespace: 'lazy-builtin' }, ({ path }) => {
        const names = Object.keys(process.getBuiltinModule(`node:${path}`));
        return {
          contents: `
            let loaded;
            for (const name of ${JSON.stringify(names)})
              Object.defineProperty(exports, name, {
                enumerable: true,
                get: () => (loaded ??= process.getBuiltinModule('node:${path}'))[name],
              });`,
        };
      });
    },
  };
}

/**
 * esbuild plugin: each of the sources `into` imports all of `modules`. What they have in common is then one set, and
 * esbuild, which makes a file for each set of importers, makes one file of it. Every file that a start loads costs as
 * much as 30 KB of code.
 */
export function inCommon({ into, modules }) {
  return {
    name: 'in-common',
    setup({ onLoad }) {
      onLoad({ filter: /\.tsx?$/ }, ({ path }) => {
        if (!into.has(path)) return undefined;
        const imports = modules
          .filter(module => module !== path)
          .map(module => `import ${JSON.stringify(module)};`);
        return {
          contents: [readFileSync(path, 'utf8'), ...imports].join('\n'),
          loader: path.endsWith('x') ? 'tsx' : 'ts',
        };
      });
    },
  };
}
