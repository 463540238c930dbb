import xterm, { type Terminal } from '@xterm/headless';
import { type IPty, spawn } from 'node-pty';

/** A test that waits longer than this waits for something that will not come. */
const DEADLINE_MS = 20_000;
/** The screen is looked at this often while it changes. */
const CHECK_INTERVAL_MS = 5;

export interface PtyTerminalOptions {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly cols?: number;
  readonly rows?: number;
  /** Keeps every byte that was written, for `written`. */
  readonly keep?: boolean;
  /** Answers queries as a person's terminal does; true when not said. */
  readonly answers?: boolean;
  /** Its background, as it answers when it is asked for it (OSC 11); without one it does not answer. */
  readonly background?: string;
}

/** What a person would see. */
export interface Screen {
  /** Rows without blanks at their end. */
  readonly rows: readonly string[];
  /** The rows, joined, without empty ones at the end. */
  readonly text: string;
  /** Rows that were scrolled off, oldest first, as they are when they are asked for. */
  readonly scrollback: readonly string[];
  readonly cursor: { readonly row: number; readonly col: number };
  readonly alternate: boolean;
  readonly title: string;
  readonly modes: Terminal['modes'];
}

export interface PtyExit {
  readonly exitCode: number;
  /** Number of the signal that ended it; 0 when none did. */
  readonly signal: number;
}

/** A program under a PTY, with a terminal in which its output is shown. Waits for what is seen, never for time. */
export class PtyTerminal implements AsyncDisposable {
  readonly #pty: IPty;
  readonly #terminal: Terminal;
  readonly #waiting = new Set<() => void>();
  readonly #written: Buffer[] = [];
  #writtenBytes = 0;
  #checkTimer: NodeJS.Timeout | undefined;
  #title = '';
  #exit: PtyExit | undefined;
  /** Resolves when the program has ended and its output was shown. */
  readonly exited: Promise<PtyExit>;

  constructor(options: PtyTerminalOptions) {
    const { cols = 80, rows = 24 } = options;
    this.#terminal = new xterm.Terminal({ cols, rows, allowProposedApi: true, scrollback: 10_000 });
    this.#pty = spawn(options.file, [...options.args], {
      name: 'xterm-256color',
      cols,
      rows,
      encoding: null,
      env: { ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    this.#terminal.onTitleChange(title => {
      this.#title = title;
    });
    if (options.answers ?? true) this.#terminal.onData(data => this.#pty.write(data));
    const { background } = options;
    if (background !== undefined) {
      this.#terminal.parser.registerOscHandler(11, data => {
        if (data === '?') this.#pty.write(`\x1b]11;${background}\x1b\\`);
        return true;
      });
    }
    this.#pty.onData(data => {
      const bytes = Buffer.from(data);
      this.#writtenBytes += bytes.length;
      if (options.keep) this.#written.push(bytes);
      this.#terminal.write(bytes, () => this.#checkSoon());
    });
    this.exited = new Promise(resolve => {
      this.#pty.onExit(({ exitCode, signal }) => {
        this.#terminal.write('', () => {
          this.#exit = { exitCode, signal: signal ?? 0 };
          resolve(this.#exit);
          this.#check();
        });
      });
    });
  }

  get pid(): number {
    return this.#pty.pid;
  }

  /** How much was written so far. */
  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  /** Everything that was written so far; needs `keep`. */
  get written(): Buffer {
    return Buffer.concat(this.#written);
  }

  get screen(): Screen {
    const buffer = this.#terminal.buffer.active;
    const line = (index: number): string => buffer.getLine(index)?.translateToString(true) ?? '';
    const rows = Array.from({ length: this.#terminal.rows }, (_, row) => line(buffer.baseY + row));
    const above = buffer.baseY;
    return {
      rows,
      text: rows.join('\n').trimEnd(),
      // Thousands of lines, which hardly anybody wants.
      get scrollback() {
        return Array.from({ length: above }, (_, row) => line(row));
      },
      cursor: { row: buffer.cursorY, col: buffer.cursorX },
      alternate: buffer.type === 'alternate',
      title: this.#title,
      modes: this.#terminal.modes,
    };
  }

  /** Resolves with the screen once it is as wanted; rejects with what it shows when the program ended, or at a deadline. */
  async until(wanted: (screen: Screen) => boolean, deadlineMs = DEADLINE_MS): Promise<Screen> {
    if (wanted(this.screen)) return this.screen;
    return new Promise((resolve, reject) => {
      const done = (act: () => void): void => {
        this.#waiting.delete(check);
        clearTimeout(timer);
        act();
      };
      const check = (): void => {
        const { screen } = this;
        if (wanted(screen)) done(() => resolve(screen));
        else if (this.#exit !== undefined) done(() => reject(this.#unseen('The program has ended')));
      };
      const timer = setTimeout(() => done(() => reject(this.#unseen('Time is over'))), deadlineMs);
      this.#waiting.add(check);
      check();
    });
  }

  /** Resolves once the text is on the screen. */
  untilText(text: string | RegExp, deadlineMs?: number): Promise<Screen> {
    const has = (screen: Screen): boolean =>
      typeof text === 'string' ? screen.text.includes(text) : text.test(screen.text);
    return this.until(has, deadlineMs).catch(error => {
      throw new Error(`not seen: ${text}`, { cause: error });
    });
  }

  type(data: string | Buffer): void {
    this.#pty.write(data);
  }

  resize(cols: number, rows: number): void {
    this.#terminal.resize(cols, rows);
    this.#pty.resize(cols, rows);
  }

  /** The person's terminal takes nothing until `continue`. */
  pause(): void {
    this.#pty.pause();
  }

  continue(): void {
    this.#pty.resume();
  }

  signal(name: NodeJS.Signals): void {
    process.kill(this.pid, name);
  }

  /** Closes the window: the program loses its terminal. */
  hangUp(): void {
    // node-pty has no call that only closes its side.
    const { _socket: socket } = this.#pty as unknown as { _socket: { destroy(): void } };
    socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#exit === undefined) {
      try {
        process.kill(this.pid, 'SIGKILL');
      } catch {
        // It has ended in this moment.
      }
    }
    await this.exited;
    clearTimeout(this.#checkTimer);
    this.#terminal.dispose();
  }

  /** Looking at the screen for every chunk of a flood would hold the flood up. */
  #checkSoon(): void {
    this.#checkTimer ??= setTimeout(() => {
      this.#checkTimer = undefined;
      this.#check();
    }, CHECK_INTERVAL_MS);
  }

  #check(): void {
    for (const check of this.#waiting) check();
  }

  #unseen(why: string): Error {
    return new Error(`${why}, and the screen shows:\n${this.screen.text}`);
  }
}
