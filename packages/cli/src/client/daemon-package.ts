import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type ErrorCode, TermError } from '@triterm/core/errors';

/** Run from the sources, Node has to be led to the sources of the other packages too. */
const FROM_SOURCE = import.meta.url.endsWith('.ts');

/** Path of a file of the package @triterm/daemon, such as `bin/tritermd.cjs`; undefined when the package is missing. */
export function daemonPackageFile(file: string): string | undefined {
  if (FROM_SOURCE) return fileURLToPath(new URL(`../../../daemon/${file}`, import.meta.url));
  try {
    return createRequire(import.meta.url).resolve(`@triterm/daemon/${file}`);
  } catch {
    return undefined;
  }
}

const SOURCES = {
  tritermd: 'src/main.ts',
  'triterm-pty-host': 'src/pty-host/main.ts',
  'triterm-drill': 'src/drill/main.ts',
} as const;

/** What Node is given to run a program of that package: the built one, or its source. Throws `missing` where the package is not there. */
export function daemonProgram(name: keyof typeof SOURCES, missing: ErrorCode): string[] {
  const file = daemonPackageFile(FROM_SOURCE ? SOURCES[name] : `bin/${name}.cjs`);
  if (file === undefined)
    throw new TermError(missing, 'The package @triterm/daemon is not installed.', {
      hint: 'Install triterm again.',
    });
  return FROM_SOURCE ? ['--conditions=@triterm/source', file] : [file];
}
