import { ProcessSignals } from '../attach/process-signals.ts';
import type { CommandContext } from '../commands/definition.ts';

/** Alternate screen, cursor hidden, no wrapping; and back. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l';
const BEGIN_FRAME = '\x1b[?2026h\x1b[H';
const END_FRAME = '\x1b[J\x1b[?2026l';

/** Keys that end it: q, Ctrl-C, Ctrl-D, Esc by itself. */
const ENDING_KEYS: ReadonlySet<string> = new Set(['q', 'Q', '\x03', '\x04', '\x1b']);

/** A screen of lines that is drawn again and again until the person has seen enough. */
export class WatchScreen {
  readonly #context: Pick<CommandContext, 'stdin' | 'stdout'>;
  readonly #draw: (rows: number) => readonly string[];
  readonly #left = new AbortController();
  readonly #signals: ProcessSignals;
  #isShown = false;
  #signal: NodeJS.Signals | undefined;

  /** `draw`: the lines for a terminal of so many rows. */
  constructor(context: Pick<CommandContext, 'stdin' | 'stdout'>, draw: (rows: number) => readonly string[]) {
    this.#context = context;
    this.#draw = draw;
    context.stdin.on('data', this.#typed);
    context.stdin.on('end', this.#leave);
    context.stdin.on('error', this.#leave);
    context.stdout.on('resize', this.#resized);
    this.#signals = new ProcessSignals({
      ended: signal => {
        this.#signal = signal;
        this.#left.abort();
      },
      stopping: async () => this.#hide(),
      continued: () => this.show(),
      dying: () => this.#hide(),
    });
  }

  /** Aborts when the person wants to leave. */
  get left(): AbortSignal {
    return this.#left.signal;
  }

  /** Draws, on the alternate screen. */
  show(): void {
    const { stdin, stdout } = this.#context;
    if (this.#left.signal.aborted) return;
    if (!this.#isShown) {
      this.#isShown = true;
      stdin.setRawMode(true);
      stdin.resume();
      stdout.write(ENTER);
    }
    const rows = Math.max(1, stdout.rows);
    const lines = this.#draw(rows).slice(0, rows);
    stdout.write(`${BEGIN_FRAME}${lines.map(line => `${line}\x1b[K`).join('\r\n')}${END_FRAME}`);
  }

  /** The terminal as it was. A signal that ended it ends the process now. */
  close(): void {
    const { stdin, stdout } = this.#context;
    this.#hide();
    this.#signals.remove();
    stdin.off('data', this.#typed);
    stdin.off('end', this.#leave);
    stdout.off('resize', this.#resized);
    if (this.#signal !== undefined) ProcessSignals.raise(this.#signal);
  }

  #hide(): void {
    const { stdin, stdout } = this.#context;
    if (!this.#isShown) return;
    this.#isShown = false;
    stdout.write(LEAVE);
    stdin.setRawMode(false);
    stdin.pause();
  }

  readonly #typed = (bytes: Buffer): void => {
    if (ENDING_KEYS.has(bytes.toString('latin1'))) this.#left.abort();
  };
  readonly #leave = (): void => this.#left.abort();
  readonly #resized = (): void => {
    if (this.#isShown) this.show();
  };
}
