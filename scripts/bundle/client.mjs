import { dirname, join } from 'node:path';
import { inCommon, lazyBuiltins } from './start-up.mjs';

/**
 * A file for each module that is imported dynamically, each command above all, and one for what they have in common.
 * `bundle` calls esbuild with options of ours over those of every bundle, and resolves with its metafile.
 */
export async function bundleClient(bundle, packageDir) {
  const ours = new OurModules(packageDir);
  const builtins = lazyBuiltins({ sources: ours.root });
  const options = {
    entryPoints: { triterm: 'src/main.ts' },
    splitting: true,
    chunkNames: '[name]-[hash]',
    // ink loads it in its development mode only, which the definitions rule out.
    external: ['./devtools.js'],
  };
  const { outputs } = await bundle({ ...options, plugins: [builtins], write: false });
  const common = inCommon({ into: new Set(ours.entries(outputs)), modules: ours.shared(outputs) });
  const metafile = await bundle({
    ...options,
    plugins: [builtins, common],
    // Those of core, which come by the imports of the others.
    logOverride: { 'ignored-bare-import': 'silent' },
  });
  ours.refuseHeavyStart(metafile.outputs);
  return metafile;
}

/** Tells the sources of this repository in a metafile, whose paths are relative to the package, from other inputs. */
class OurModules {
  #packageDir;
  root;

  constructor(packageDir) {
    this.#packageDir = packageDir;
    this.root = dirname(packageDir);
  }

  /** Files of the modules that are started or imported dynamically. */
  entries(outputs) {
    return Object.values(outputs)
      .map(({ entryPoint }) => entryPoint)
      .filter(path => path !== undefined && this.#includes(path))
      .map(path => join(this.#packageDir, path));
  }

  /** Files of the modules that several entries load, but for those behind which stands a package. */
  shared(outputs) {
    return Object.keys(outputs)
      .filter(file => outputs[file].entryPoint === undefined && !this.#loadsPackage(outputs, file))
      .flatMap(file => Object.keys(outputs[file].inputs))
      .filter(path => this.#includes(path))
      .map(path => join(this.#packageDir, path));
  }

  /** Whether the file has a package's module in it, or another one that it imports at once. */
  #loadsPackage(outputs, file, seen = new Set()) {
    if (seen.has(file)) return false;
    seen.add(file);
    const { inputs, imports } = outputs[file];
    if (Object.keys(inputs).some(path => !this.#includes(path) && !isBuiltin(path))) return true;
    return imports.some(
      ({ path, kind }) =>
        kind !== 'dynamic-import' && Object.hasOwn(outputs, path) && this.#loadsPackage(outputs, path, seen),
    );
  }

  /** Throws where every command would load a package, by a static import from what all have in common. */
  refuseHeavyStart(outputs) {
    const loaded = new Set(Object.keys(outputs).filter(file => file.endsWith('/triterm.mjs')));
    for (const file of loaded) {
      const { imports, inputs } = outputs[file];
      for (const { path, kind } of imports)
        if (kind === 'import-statement' && path in outputs) loaded.add(path);
      const foreign = Object.keys(inputs).find(path => !this.#includes(path) && !isBuiltin(path));
      if (foreign !== undefined)
        throw new Error(`every command would load ${foreign}; import it dynamically`);
    }
  }

  #includes(path) {
    return (
      !path.includes('node_modules/') &&
      join(this.#packageDir, path).startsWith(`${this.root}/`) &&
      !isBuiltin(path)
    );
  }
}

function isBuiltin(path) {
  return /^(?:lazy-)?builtin:/.test(path);
}
