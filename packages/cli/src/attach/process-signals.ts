/** What to do about signals while a terminal is not as it was. */
export interface SignalHandlers {
  /** The process is to end. */
  ended(signal: NodeJS.Signals): void;
  /** Resolves when the process may be stopped. */
  stopping(): Promise<void>;
  /** It goes on after a stop, which may have come without a word. */
  continued(): void;
  /** It ends at once: whatever has to be done is to be done now. */
  dying(): void;
}

const ENDING = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'] as const;
/** A process that was not stopped after all (its group is an orphan) goes on after this time. */
const NOT_STOPPED_MS = 50;

/** Takes signals over until `remove`. */
export class ProcessSignals {
  readonly #handlers: SignalHandlers;
  readonly #ended = (signal: NodeJS.Signals): void => this.#handlers.ended(signal);
  readonly #stopped = (): void => void this.#stop();
  readonly #continued = (): void => this.#continue();
  readonly #dying = (): void => this.#handlers.dying();
  #notStopped: NodeJS.Timeout | undefined;

  constructor(handlers: SignalHandlers) {
    this.#handlers = handlers;
    for (const signal of ENDING) process.on(signal, this.#ended);
    process.on('SIGTSTP', this.#stopped);
    process.on('SIGCONT', this.#continued);
    process.on('uncaughtExceptionMonitor', this.#dying);
    process.on('exit', this.#dying);
  }

  remove(): void {
    clearTimeout(this.#notStopped);
    for (const signal of ENDING) process.off(signal, this.#ended);
    process.off('SIGTSTP', this.#stopped);
    process.off('SIGCONT', this.#continued);
    process.off('uncaughtExceptionMonitor', this.#dying);
    process.off('exit', this.#dying);
  }

  /** Ends the process by a signal, so that whoever waits for it sees that. To be called after `remove`. */
  static raise(signal: NodeJS.Signals): void {
    process.kill(process.pid, signal);
  }

  async #stop(): Promise<void> {
    process.off('SIGTSTP', this.#stopped);
    await this.#handlers.stopping();
    process.kill(process.pid, 'SIGTSTP');
    this.#notStopped = setTimeout(this.#continued, NOT_STOPPED_MS);
  }

  #continue(): void {
    clearTimeout(this.#notStopped);
    process.off('SIGTSTP', this.#stopped);
    process.on('SIGTSTP', this.#stopped);
    // Nobody told us of a new size while we were in the background.
    process.emit('SIGWINCH', 'SIGWINCH');
    this.#handlers.continued();
  }
}
