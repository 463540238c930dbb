/** A terminal that has not answered by now does not. */
const PROBE_TIMEOUT_MS = 1000;
/** Terminals that write what they do not know onto the screen, or answer nothing. */
const MUTE_TERMINALS: ReadonlySet<string> = new Set(['linux', 'dumb', 'cons25', 'vt52', '']);

export interface TerminalColours {
  foreground?: string;
  background?: string;
  cursor?: string;
}

const NAMES = { 10: 'foreground', 11: 'background', 12: 'cursor' } as const;

/** Asks for foreground, background and cursor colour; then for what every terminal answers, in order (DA1). */
export const COLOUR_QUERY = '\x1b]10;?\x1b\\\x1b]11;?\x1b\\\x1b]12;?\x1b\\\x1b[c';

export function canBeProbed(env: NodeJS.ProcessEnv): boolean {
  return !MUTE_TERMINALS.has(env.TERM ?? '');
}

/**
 * Asks the person's terminal for its colours, once. Its answers come between what is typed; whoever finds one there
 * hands it over.
 */
export class ColourProbe {
  #hasBegun = false;
  #colours: TerminalColours = {};
  #pending: { resolve: (colours: TerminalColours) => void; timer: NodeJS.Timeout } | undefined;
  #finished: Promise<TerminalColours> = Promise.resolve({});

  /** What is known. */
  get colours(): TerminalColours {
    return this.#colours;
  }

  /** Answers may still come. */
  get isPending(): boolean {
    return this.#pending !== undefined;
  }

  /** Resolves with what the terminal said when it has said all, or time is over. */
  get finished(): Promise<TerminalColours> {
    return this.#finished;
  }

  /** False when it was begun before; else the query is to be sent now. */
  begin(): boolean {
    if (this.#hasBegun) return false;
    this.#hasBegun = true;
    this.#finished = new Promise(resolve => {
      this.#pending = { resolve, timer: setTimeout(() => this.stop(), PROBE_TIMEOUT_MS).unref() };
    });
    return true;
  }

  answer(bytes: Buffer): void {
    const report = /^\x1b\](1[0-2]);([\w:/#.]{1,64})(?:\x07|\x1b\\)$/.exec(bytes.toString('latin1'));
    if (report === null) {
      if (/^\x1b\[\?[\d;]*c$/.test(bytes.toString('latin1'))) this.stop();
      return;
    }
    const [, number, colour] = report;
    this.#colours = { ...this.#colours, [NAMES[Number(number) as keyof typeof NAMES]]: colour };
  }

  stop(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    clearTimeout(pending?.timer);
    pending?.resolve(this.#colours);
  }
}
