import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';

/**
 * esbuild plugin: Node's own modules are taken when the module that imports them runs, and as CommonJS has them. An
 * `import` of node:fs also runs every getter of it, some of which load much more: 3 ms of a start of 25.
 */
export function lazyBuiltins() {
  return {
    name: 'lazy-builtins',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^[a-z]/ }, ({ path, kind }) =>
        isBuiltin(path) && kind !== 'dynamic-import'
          ? { path: path.replace(/^node:/, ''), namespace: 'builtin', sideEffects: false }
          : undefined,
      );
      onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
        contents: `module.exports = process.getBuiltinModule('node:${path}');`,
      }));
    },
  };
}

/**
 * esbuild plugin: what our sources import dynamically runs when it is asked for, as written, but lies in the one file that
 * every command loads. A file costs as much time as 50 KB of code that does not run, and esbuild makes one for each
 * combination of importers. Files whose path matches `apart` get their own; `hub` is the source that reaches all others.
 */
export function lazyImports({ sources, apart, hub }) {
  return {
    name: 'lazy-imports',
    setup({ onLoad }) {
      onLoad({ filter: /\.tsx?$/ }, ({ path }) => {
        if (!path.startsWith(sources)) return undefined;
        const lazy = readFileSync(path, 'utf8').replace(/\bimport\(('[^']+')\)/g, (whole, quoted) =>
          apart.test(quoted.slice(1, -1)) ? whole : `Promise.resolve().then(() => require(${quoted}))`,
        );
        // It shares everything with the others then, so there is one combination.
        const contents = apart.test(path) ? `${lazy}\nimport ${JSON.stringify(hub)};` : lazy;
        return { contents, loader: path.endsWith('x') ? 'tsx' : 'ts' };
      });
    },
  };
}
