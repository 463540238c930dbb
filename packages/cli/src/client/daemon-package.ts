import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Run from the sources, Node has to be led to the sources of the other packages too. */
export const FROM_SOURCE = import.meta.url.endsWith('.ts');

/** Path of a file of the package @triterm/daemon, such as `bin/tritermd.cjs`; undefined when the package is missing. */
export function daemonPackageFile(file: string): string | undefined {
  if (FROM_SOURCE) return fileURLToPath(new URL(`../../../daemon/${file}`, import.meta.url));
  try {
    return createRequire(import.meta.url).resolve(`@triterm/daemon/${file}`);
  } catch {
    return undefined;
  }
}
