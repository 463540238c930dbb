import { type ExecFileOptions, execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PACKAGES = ['packages/core', 'packages/daemon', 'packages/cli'];

const run = promisify(execFile);

/** The packages as they would be published, packed and installed into an empty prefix. */
export class Installation {
  readonly dir: string = mkdtempSync(join(tmpdir(), 'ti-'));
  readonly prefix: string = join(this.dir, 'prefix');
  /** Nothing on it but the prefix, Node and the system. */
  readonly path: string = [join(this.prefix, 'bin'), dirname(process.execPath), '/usr/bin', '/bin'].join(
    delimiter,
  );

  static async make(): Promise<Installation> {
    const made = new Installation();
    try {
      await made.#install();
      return made;
    } catch (error) {
      made.dispose();
      throw error;
    }
  }

  get triterm(): string {
    return join(this.prefix, 'bin/triterm');
  }

  dispose(): void {
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }

  async #install(): Promise<void> {
    const tarballs = join(this.dir, 'tarballs');
    mkdirSync(tarballs);
    // Without their scripts, which would build what is built.
    const packages = PACKAGES.map(name => `./${name}`);
    await npm(['pack', '--ignore-scripts', `--pack-destination=${tarballs}`, ...packages], { cwd: ROOT });
    const files = readdirSync(tarballs).map(file => join(tarballs, file));
    if (files.length !== PACKAGES.length) throw new Error(`packed are ${files.join(', ')}`);
    await npm(['install', '--global', `--prefix=${this.prefix}`, '--prefer-offline', ...files], {
      cwd: this.dir,
    });
  }
}

function npm(args: readonly string[], options: ExecFileOptions) {
  // What npm hands its own scripts (npm_config_…) would change where this one installs.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^npm_(?!config_(?:cache|registry|userconfig)$)/.test(name),
    ),
  );
  return run('npm', [...args, '--no-fund', '--no-audit', '--loglevel=error'], { ...options, env });
}
