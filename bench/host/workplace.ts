import { existsSync, lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './clock.ts';
import { processesMentioning } from './processes.ts';

/** Followed by the harness's pid. Short: sockets below it have long names, and may have 107 bytes. */
const PREFIX = 'ttb-';
const END_TIMEOUT_MS = 5000;

/**
 * A private directory, and the environment of everything that runs for it. Whoever has the directory's name in his
 * environment or on his command line belongs to it, so nothing that was started escapes, however it daemonised.
 */
export class Workplace {
  readonly dir: string;

  private constructor(dir: string) {
    this.dir = dir;
  }

  static make(): Workplace {
    return new Workplace(mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`)));
  }

  /** Those of harnesses that were killed before they could clear them. */
  static abandoned(): Workplace[] {
    return readdirSync(tmpdir())
      .filter(name => {
        const pid = Number(/^ttb-(\d+)-/.exec(name)?.[1]);
        return pid > 0 && !existsSync(`/proc/${pid}`) && isOurs(join(tmpdir(), name));
      })
      .map(name => new Workplace(join(tmpdir(), name)));
  }

  /** What a login on a plain machine has, and no session of a peer around it. */
  get env(): Record<string, string> {
    return {
      PATH: process.env.PATH ?? '/usr/bin:/bin',
      HOME: this.dir,
      SHELL: '/bin/sh',
      TERM: 'xterm-256color',
      LANG: 'C.UTF-8',
      BENCH_PLACE: this.dir,
    };
  }

  processes() {
    return processesMentioning(this.dir);
  }

  /** Ends everything in it and removes it. */
  async clear(): Promise<void> {
    await until(END_TIMEOUT_MS, 'every process of the bench has ended', () => this.#killed());
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** The same without waiting, for a harness that is being ended itself. */
  clearNow(): void {
    // Again, for one that was being started while the list was read.
    for (let round = 0; round < 5 && !this.#killed(); round += 1);
    rmSync(this.dir, { recursive: true, force: true });
  }

  #killed(): boolean {
    const left = this.processes();
    for (const { pid } of left) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
    return left.length === 0;
  }
}

function isOurs(dir: string): boolean {
  const stat = lstatSync(dir, { throwIfNoEntry: false });
  return stat?.isDirectory() === true && stat.uid === process.getuid?.();
}
