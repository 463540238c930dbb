import type { KeyEventType, WatchedKey } from './key-forms.ts';
import { KeyWatcher, type Typed } from './key-watcher.ts';

/** The rest of a sequence is typed by a terminal, not by hand. */
export const SEQUENCE_TIMEOUT_MS = 20;
/** A second press that comes later is another first one. */
export const TWICE_TIMEOUT_MS = 300;

/** What the client does by itself. */
export type OwnAction = 'detach' | 'switch';

export type InputEvent =
  /** For the program. */
  | { readonly kind: 'send'; readonly bytes: Buffer }
  | { readonly kind: 'act'; readonly action: OwnAction }
  | { readonly kind: 'answer'; readonly bytes: Buffer };

/**
 * Sorts what is typed into input for the program, the client's own keys, and the terminal's answers. A key of the
 * client's that is pressed twice is sent on once; what is typed after a single press is dropped with it. Keeps no
 * clock: `timeUp` is to be called when nothing came for `timeoutMs`.
 */
export class DetachKeys {
  readonly #watcher: KeyWatcher<OwnAction>;
  #pressed: OwnAction | undefined;
  /** The key whose last press was sent on: what belongs to the press follows it. */
  #sentOn: OwnAction | undefined;

  constructor(keys: { readonly detach: WatchedKey; readonly switch?: WatchedKey }) {
    this.#watcher = new KeyWatcher<OwnAction>(keys);
  }

  /** How long to wait for more; undefined when nothing is undecided. */
  get timeoutMs(): number | undefined {
    if (this.#watcher.holds) return SEQUENCE_TIMEOUT_MS;
    return this.#pressed === undefined ? undefined : TWICE_TIMEOUT_MS;
  }

  push(chunk: Buffer): InputEvent[] {
    return this.#decide(this.#watcher.push(chunk));
  }

  timeUp(): InputEvent[] {
    if (this.#watcher.holds) return this.#decide(this.#watcher.flush());
    return this.#pressed === undefined ? [] : this.#act(this.#pressed);
  }

  #decide(typed: readonly Typed<OwnAction>[]): InputEvent[] {
    const events: InputEvent[] = [];
    for (const one of typed) {
      if (one.kind === 'answer') {
        events.push(one);
      } else if (one.kind === 'key') {
        events.push(...this.#key(one.name, one.type, one.bytes));
      } else if (this.#pressed === undefined) {
        events.push({ kind: 'send', bytes: one.bytes });
      } else {
        events.push(...this.#act(this.#pressed));
      }
      if (events.at(-1)?.kind === 'act') return events;
    }
    return events;
  }

  #key(name: OwnAction, type: KeyEventType, bytes: Buffer): InputEvent[] {
    if (type !== 'press') return this.#sentOn === name ? [{ kind: 'send', bytes }] : [];
    if (this.#pressed === undefined) {
      this.#pressed = name;
      this.#sentOn = undefined;
      return [];
    }
    if (this.#pressed !== name) return this.#act(this.#pressed);
    this.#pressed = undefined;
    this.#sentOn = name;
    return [{ kind: 'send', bytes }];
  }

  #act(action: OwnAction): InputEvent[] {
    this.#pressed = undefined;
    this.#sentOn = undefined;
    return [{ kind: 'act', action }];
  }
}
