import type { WindowSize } from '@triterm/core/domain';
import headless from '@xterm/headless';

/** A person's terminal: shows what it is given. */
export class Terminal {
  readonly #terminal: headless.Terminal;
  #written: Promise<void> = Promise.resolve();

  constructor(size: WindowSize, scrollback = 10_000) {
    this.#terminal = new headless.Terminal({ ...size, scrollback, allowProposedApi: true, logLevel: 'off' });
  }

  write(bytes: Uint8Array): void {
    const copy = Uint8Array.from(bytes);
    this.#written = new Promise(resolve => this.#terminal.write(copy, resolve));
  }

  resize(size: WindowSize): void {
    this.#terminal.resize(size.cols, size.rows);
  }

  /** The screen's rows, without blanks at their ends and without blank rows at its end. */
  async text(): Promise<string[]> {
    await this.#written;
    return this.#lines(this.#terminal.buffer.active.baseY);
  }

  /** Scrollback and screen. */
  async allText(): Promise<string[]> {
    await this.#written;
    return this.#lines(0);
  }

  async cursor(): Promise<{ row: number; col: number }> {
    await this.#written;
    const { cursorY, cursorX } = this.#terminal.buffer.active;
    return { row: cursorY, col: cursorX };
  }

  #lines(from: number): string[] {
    const { active } = this.#terminal.buffer;
    const lines: string[] = [];
    for (let row = from; row < active.length; row += 1)
      lines.push(active.getLine(row)?.translateToString(true) ?? '');
    return lines.slice(0, lines.findLastIndex(line => line !== '') + 1);
  }
}
