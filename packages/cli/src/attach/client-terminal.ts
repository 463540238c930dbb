import { DEFAULT_SIZE, MAX_SIDE, type WindowSize } from '@triterm/core/domain';
import { ModeTracker, plainLine, terminalReset } from '@triterm/core/terminal';
import { truncateEnd } from '../output/display-width.ts';
import { OutputFilter } from './output-filter.ts';
import { RawMode } from './raw-mode.ts';
import { TerminalOutput } from './terminal-output.ts';

/** The streams of the person's terminal. */
export interface TerminalStreams {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
}

export interface TerminalListener {
  typed(bytes: Buffer): void;
  resized(): void;
  /** The terminal was closed. */
  gone(): void;
}

const LINE_FEED = 0x0a;
/** A terminal that takes nothing for so long does not get what restores it; in a hurry for so long. */
const LEAVE_STALL_MS = 5000;
const HURRY_STALL_MS = 1000;
/** A row that no terminal has: the cursor stops in the last one. */
const TO_LAST_ROW = '\x1b[9999;1H';

/**
 * The terminal that a person sits at: shows a session's output in it and, on every way out, leaves it as it was, with
 * the cursor on a fresh line below.
 */
export class ClientTerminal {
  readonly #streams: TerminalStreams;
  readonly #raw: RawMode;
  readonly #output: TerminalOutput;
  readonly #modes = new ModeTracker();
  readonly #filter = new OutputFilter(this.#modes);
  #listener: TerminalListener | undefined;
  #entered = false;
  #painted = false;
  #isReading = false;
  /** Output was dropped, and with it modes that the tracker counts as set, or as not set any more. */
  #isUncertain = false;
  #ready: Promise<void> = Promise.resolve();

  constructor(streams: TerminalStreams) {
    this.#streams = streams;
    // For good: a terminal that is closed may still say so when nobody listens any more.
    streams.stdin.on('error', () => this.#listener?.gone());
    this.#raw = new RawMode(streams.stdin);
    this.#output = new TerminalOutput(descriptor(streams.stdout), () => this.#listener?.gone());
  }

  get size(): WindowSize {
    const { columns, rows } = this.#streams.stdout;
    return { cols: side(columns, DEFAULT_SIZE.cols), rows: side(rows, DEFAULT_SIZE.rows) };
  }

  /** Something of a session is on it. */
  get isPainted(): boolean {
    return this.#painted;
  }

  /** What is typed and what happens to the terminal goes there from now on. */
  listen(listener: TerminalListener): void {
    const { stdin, stdout } = this.#streams;
    this.unlisten();
    this.#listener = listener;
    stdin.on('data', this.#typed);
    stdin.on('end', this.#gone);
    stdout.on('resize', this.#resized);
  }

  unlisten(): void {
    const { stdin, stdout } = this.#streams;
    this.stopReading();
    this.#listener = undefined;
    stdin.off('data', this.#typed);
    stdin.off('end', this.#gone);
    stdout.off('resize', this.#resized);
  }

  startReading(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#streams.stdin.resume();
  }

  stopReading(): void {
    this.#isReading = false;
    this.#streams.stdin.pause();
  }

  /** Raw from now on; output is written as soon as that is complete. */
  enter(): Promise<void> {
    this.#entered = true;
    this.#ready = this.#raw.enter();
    this.startReading();
    return this.#ready;
  }

  get ready(): Promise<void> {
    return this.#ready;
  }

  /** Output that continues what was written. */
  write(bytes: Buffer, taken: () => void): void {
    this.#painted = true;
    this.#modes.rows = this.size.rows;
    this.#output.write(this.#filter.push(bytes), taken);
  }

  /** A state that stands for all before it. */
  paint(bytes: Buffer, taken: () => void): void {
    const { rows } = this.size;
    const before = this.#painted ? '' : scrollAway(rows);
    this.#painted = true;
    this.#modes.rows = rows;
    const abort = this.#filter.abort();
    this.#output.write([Buffer.from(abort + before), ...this.#filter.push(bytes)], taken);
  }

  /** Whether something of ours may be written between the program's sequences. */
  get isBetweenSequences(): boolean {
    return !this.#filter.isInString;
  }

  /** Asks the terminal something, between the program's sequences. */
  ask(query: string): void {
    this.#output.write([Buffer.from(query)]);
  }

  /** Writes over the last row, and over what was there of an earlier one, between the program's sequences; the screen is to be painted again afterwards. */
  showStatus(text: string): void {
    const { cols, rows } = this.size;
    const line = ` ${plainLine(text)} `;
    this.#output.write([
      Buffer.from(`\x1b7\x1b[?6l\x1b[${rows};1H\x1b[0m\x1b[2K\x1b[7m${truncateEnd(line, cols)}\x1b[0m\x1b8`),
    ]);
  }

  /** The terminal has all that it was given, or takes nothing any more. */
  drained(): Promise<void> {
    return this.#output.drained();
  }

  /** What has not been handed to the terminal is not shown any more. */
  dropOutput(): void {
    if (this.#output.drop()) this.#isUncertain = true;
  }

  /** As it was before, below what was written and not dropped. */
  async leave({ inHurry = false }: { inHurry?: boolean } = {}): Promise<void> {
    if (!this.#entered) return;
    this.#entered = false;
    this.stopReading();
    await this.#ready;
    const undo = this.#undo();
    if (undo !== '') this.#output.write([Buffer.from(undo)]);
    await this.#output.drained(inHurry ? HURRY_STALL_MS : LEAVE_STALL_MS);
    await this.#raw.leave();
  }

  /** The same, for a process that is about to end. */
  leaveNow(): void {
    if (!this.#entered) return;
    this.#entered = false;
    this.dropOutput();
    const undo = this.#undo();
    if (undo !== '') this.#output.writeNow(undo);
    this.#raw.leaveNow();
  }

  close(): void {
    this.unlisten();
    this.#output.close();
  }

  #undo(): string {
    if (!this.#painted) return '';
    this.#painted = false;
    if (this.#isUncertain) {
      this.#isUncertain = false;
      this.#filter.abort();
      return `${terminalReset()}${this.#modes.undo()}${TO_LAST_ROW}\n`;
    }
    const isFresh = this.#output.lastByte === LINE_FEED && !this.#modes.alternateScreen;
    return `${this.#filter.abort()}${this.#modes.undo()}\r${isFresh ? '' : '\n'}\x1b[J`;
  }

  readonly #typed = (bytes: Buffer): void => this.#listener?.typed(bytes);
  readonly #resized = (): void => this.#listener?.resized();
  readonly #gone = (): void => this.#listener?.gone();
}

/**
 * Makes the screen empty and keeps what was on it in the terminal's scrollback: from a fresh line, as many line feeds as
 * reach from the first row to the last scroll exactly the lines above the cursor off.
 */
function scrollAway(rows: number): string {
  return `\r\x1b[J${'\n'.repeat(rows - 1)}\x1b[H`;
}

/** Of the process's own stdout Node's types say that it has one. */
function descriptor(stdout: NodeJS.WriteStream): number {
  return 'fd' in stdout && typeof stdout.fd === 'number' ? stdout.fd : 1;
}

function side(cells: number | undefined, otherwise: number): number {
  return cells === undefined || cells < 1 ? otherwise : Math.min(cells, MAX_SIDE);
}
