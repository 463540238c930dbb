import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Processes that were told to end need a moment for it. */
const GRACE_MS = 5000;
const POLL_MS = 100;

/** A place for the temporary files of one run of the tests, by which its processes can be told from others. */
export class Scratch {
  // The name is short because sockets lie below it, and a path of theirs has 107 bytes at most.
  dir = mkdtempSync(join(tmpdir(), 'ttr-'));

  constructor() {
    // As /tmp itself: some tests run as another user.
    chmodSync(this.dir, 0o1777);
  }

  /** Ends what still runs and removes everything. Resolves with the command lines of what had to be ended. */
  async clear() {
    const deadline = performance.now() + GRACE_MS;
    while (this.#processes().length > 0 && performance.now() < deadline) await pause(POLL_MS);
    const left = this.#processes();
    for (const { pid } of left) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
    return left.map(({ command }) => command);
  }

  /** Those that name the directory on their command line or in their environment; none where there is no /proc. */
  #processes() {
    return pids()
      .filter(pid => pid !== process.pid)
      .map(pid => ({ pid, command: read(pid, 'cmdline'), environment: read(pid, 'environ') }))
      .filter(({ command, environment }) => `${command}${environment}`.includes(this.dir))
      .map(({ pid, command }) => ({ pid, command: command.replaceAll('\0', ' ').trim() }));
  }
}

function pids() {
  try {
    return readdirSync('/proc')
      .filter(name => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

function read(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    // Ended, or another user's.
    return '';
  }
}
