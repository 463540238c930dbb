import { type ChildProcess, spawn } from 'node:child_process';

/** `stty` is done in two milliseconds; one that hangs is not waited for. */
const STTY_TIMEOUT_MS = 1000;

/**
 * Raw mode for a program's bytes. `setRawMode` alone leaves output post-processing on, so that a bare LF would become
 * CR LF and full-screen programs would be drawn wrong; Node has no call for it, stty(1) has.
 */
export class RawMode {
  readonly #stdin: NodeJS.ReadStream;
  #stty: { child: ChildProcess; done: Promise<void> } | undefined;

  constructor(stdin: NodeJS.ReadStream) {
    this.#stdin = stdin;
  }

  /** Keys come raw at once; output may be written when this resolves. Also after somebody else changed the modes. */
  enter(): Promise<void> {
    // What is set already would not be set again, though a shell may have changed it while we were stopped.
    if (this.#stdin.isRaw) this.#stdin.setRawMode(false);
    this.#stdin.setRawMode(true);
    const child = spawn('stty', ['-opost'], { stdio: [this.#stdin, 'ignore', 'ignore'] });
    const done = new Promise<void>(resolve => {
      const timer = setTimeout(() => child.kill('SIGKILL'), STTY_TIMEOUT_MS);
      const over = () => {
        clearTimeout(timer);
        resolve();
      };
      child.once('exit', over);
      child.once('error', over);
    });
    this.#stty = { child, done };
    return done;
  }

  /** All modes are as they were. */
  async leave(): Promise<void> {
    await this.#stty?.done;
    this.leaveNow();
  }

  /** The same, for a process that is about to end. */
  leaveNow(): void {
    this.#stty?.child.kill('SIGKILL');
    this.#stty = undefined;
    if (this.#stdin.isRaw) this.#stdin.setRawMode(false);
  }
}
