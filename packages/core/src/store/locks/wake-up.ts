/** A waiter's bell. A ring that comes while nobody waits is heard by the next wait. */
export class WakeUp {
  #rung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Resolves at the ring, after `timeoutMs`, or at the abort; whether it rang. */
  wait(timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    return new Promise(resolve => {
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        this.#wake = undefined;
        const rung = this.#rung;
        this.#rung = false;
        resolve(rung);
      };
      const timer = setTimeout(done, timeoutMs);
      this.#wake = done;
      if (this.#rung || signal?.aborted === true) done();
      else signal?.addEventListener('abort', done);
    });
  }
}
