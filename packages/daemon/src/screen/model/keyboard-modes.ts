import type { ByteReader, ByteWriter } from './byte-codec.ts';
import { CSI } from './pen.ts';
import type { OpenTerminal, XtermParams } from './xterm-internals.ts';

/** As in kitty; the oldest entry of a full stack is lost. */
const MAX_STACK = 8;
/** Flags that the protocol defines. */
const ALL_FLAGS = 0x1f;

/** One screen's stack of keyboard flags (the kitty keyboard protocol). The last entry counts; an empty stack is 0. */
type Stack = number[];

/**
 * How keys are encoded, beyond what DEC modes say: the kitty keyboard protocol, a stack a screen, and xterm's
 * modifyOtherKeys.
 */
export class KeyboardModes {
  #main: Stack = [];
  #alternate: Stack = [];
  modifyOtherKeys = 0;
  readonly #terminal: OpenTerminal;

  /** `answer` is called in the middle of parsing. */
  constructor(terminal: OpenTerminal, answer: (data: string) => void) {
    this.#terminal = terminal;
    terminal.onCsi({ prefix: '>', final: 'u' }, params => this.#push(params.params[0] ?? 0));
    terminal.onCsi({ prefix: '<', final: 'u' }, params => this.#pop(params.params[0] || 1));
    terminal.onCsi({ prefix: '=', final: 'u' }, params => this.#set(params));
    terminal.onCsi({ prefix: '?', final: 'u' }, () => {
      answer(`${CSI}?${this.flags}u`);
      return true;
    });
    terminal.onCsi({ prefix: '>', final: 'm' }, params => this.#setModifyOtherKeys(params));
    terminal.onCsi({ prefix: '>', final: 'n' }, params => {
      if (params.params[0] === 4) this.modifyOtherKeys = 0;
      return true;
    });
    terminal.onCsi({ prefix: '?', final: 'm' }, params => {
      if (params.params[0] === 4) answer(`${CSI}>4;${this.modifyOtherKeys}m`);
      return true;
    });
  }

  /** Flags of the active screen. */
  get flags(): number {
    return this.#stack.at(-1) ?? 0;
  }

  reset(): void {
    this.#main = [];
    this.#alternate = [];
    this.modifyOtherKeys = 0;
  }

  /** Sequences that give a screen with an empty stack this one. */
  stackSequences(screen: 'main' | 'alternate'): string {
    const [first, ...more] = screen === 'main' ? this.#main : this.#alternate;
    if (first === undefined) return '';
    return (first === 0 ? '' : `${CSI}=${first};1u`) + more.map(flags => `${CSI}>${flags}u`).join('');
  }

  write(writer: ByteWriter): void {
    for (const stack of [this.#main, this.#alternate]) {
      writer.list(stack, stack.length, flags => writer.u8(flags));
    }
    writer.u8(this.modifyOtherKeys);
  }

  read(reader: ByteReader): void {
    this.#main = reader.list(MAX_STACK, () => reader.u8(ALL_FLAGS));
    this.#alternate = reader.list(MAX_STACK, () => reader.u8(ALL_FLAGS));
    this.modifyOtherKeys = reader.u8(3);
  }

  get #stack(): Stack {
    const { buffers } = this.#terminal.core._bufferService;
    return buffers.active === buffers.alt ? this.#alternate : this.#main;
  }

  #push(flags: number): boolean {
    const stack = this.#stack;
    if (stack.length === 0) stack.push(0);
    else if (stack.length === MAX_STACK) stack.shift();
    stack.push(flags & ALL_FLAGS);
    return true;
  }

  #pop(count: number): boolean {
    const stack = this.#stack;
    stack.length = Math.max(0, stack.length - count);
    simplify(stack);
    return true;
  }

  /** `CSI = flags ; mode u`: 1 sets all, 2 adds, 3 removes. */
  #set(params: XtermParams): boolean {
    const stack = this.#stack;
    const given = (params.params[0] ?? 0) & ALL_FLAGS;
    const mode = params.length > 1 ? params.params[1] || 1 : 1;
    const present = stack.pop() ?? 0;
    stack.push(mode === 2 ? present | given : mode === 3 ? present & ~given : given);
    simplify(stack);
    return true;
  }

  /** `CSI > 4 ; value m`; without a value, or without any parameter, back to the default. */
  #setModifyOtherKeys(params: XtermParams): boolean {
    const resource = params.params[0] ?? 0;
    if (resource === 4) this.modifyOtherKeys = params.length > 1 ? Math.min(params.params[1] ?? 0, 3) : 0;
    else if (resource === 0 && params.length === 1) this.modifyOtherKeys = 0;
    return true;
  }
}

/** A lone entry without flags is as good as none. */
function simplify(stack: Stack): void {
  if (stack.length === 1 && stack[0] === 0) stack.pop();
}
