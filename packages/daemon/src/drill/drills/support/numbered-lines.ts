/** What a terminal is given of `seq 1 N`, where each line ends with CR LF: each number has to come once, and in order. */
export class NumberedLines {
  /** The number that came last; 0 before the first one. */
  last = 0;
  bytes = 0;
  /** The first thing that was out of order, in words. */
  fault: string | undefined;
  /** The longest time that nothing came in between. */
  longestPauseMs = 0;
  #cameAtMs: number | undefined;
  #rest = '';

  push(bytes: Buffer): void {
    this.bytes += bytes.length;
    const nowMs = performance.now();
    this.longestPauseMs = Math.max(this.longestPauseMs, nowMs - (this.#cameAtMs ?? nowMs));
    this.#cameAtMs = nowMs;
    const lines = (this.#rest + bytes.toString('latin1')).split('\r\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line !== String(this.last + 1)) this.fault ??= `${JSON.stringify(line)} after ${this.last}`;
      this.last += 1;
    }
  }

  /** Whether all came, and nothing else. */
  isWhole(last: number): boolean {
    return this.fault === undefined && this.last === last && this.#rest === '';
  }

  /** In words. */
  get found(): string {
    return this.fault ?? `${this.last} lines, ${this.bytes} bytes`;
  }
}
