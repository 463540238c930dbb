import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VERSION } from '@triterm/core/protocol';

const PACKAGES = fileURLToPath(new URL('../../packages/', import.meta.url));
const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));

/** The built programs under another release's number, in a directory of their own. */
export class OtherRelease {
  readonly #dir = mkdtempSync(join(tmpdir(), 'tt-release-'));

  constructor(version: string) {
    symlinkSync(MODULES, join(this.#dir, 'node_modules'));
    for (const name of ['daemon', 'cli']) {
      const from = join(PACKAGES, name);
      const to = join(this.#dir, 'packages', name);
      mkdirSync(join(to, 'dist'), { recursive: true });
      for (const part of ['bin', 'shell', 'package.json', 'dist/bundle'])
        if (existsSync(join(from, part))) cpSync(join(from, part), join(to, part), { recursive: true });
      this.#renumber(join(to, 'dist/bundle'), version);
    }
  }

  get daemon(): string {
    return join(this.#dir, 'packages/daemon/bin/tritermd.cjs');
  }

  get client(): string {
    return join(this.#dir, 'packages/cli/bin/triterm.cjs');
  }

  dispose(): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #renumber(bundle: string, version: string): void {
    for (const name of readdirSync(bundle)) {
      if (!name.endsWith('.mjs')) continue;
      const file = join(bundle, name);
      writeFileSync(file, readFileSync(file, 'utf8').replaceAll(`"${VERSION}"`, `"${version}"`));
    }
  }
}
