import type { WindowSize } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { Pty } from '../pty/pty.ts';
import type { Screen, ScreenListener, ScreenOptions, Screens } from '../screen/screen.ts';

export interface FollowedScreenOptions
  extends Required<Pick<ScreenOptions, 'scrollbackLines' | 'scrollbackBytes' | 'historyDir'>> {
  readonly pty: Pty;
  readonly screens: Screens;
  readonly listener: ScreenListener;
}

/**
 * The model of a session's screen, following the stream: each byte and each resize once, however often the stream brings it. When the
 * model is gone, another takes its place from where the stream begins again.
 */
export class FollowedScreen {
  readonly #options: FollowedScreenOptions;
  #screen: Screen | undefined;
  #head = 0;
  /** Generation of the size that the screen has, as far as its resizes were records of the stream. */
  #sizeGeneration = 0;

  constructor(options: FollowedScreenOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#screen !== undefined;
  }

  /** Throws NO_SCREEN while the model could not be made. */
  get model(): Screen {
    if (this.#screen === undefined) throw new TermError('NO_SCREEN', 'The screen is not there yet.');
    return this.#screen;
  }

  /** Bytes before this offset were written to it. */
  get head(): number {
    return this.#head;
  }

  /** The stream is to wait until more is parsed. */
  get full(): boolean {
    return this.#screen?.full ?? false;
  }

  open(checkpoint: Uint8Array | null, offset: number): void {
    const { pty, screens, listener, scrollbackLines, scrollbackBytes, historyDir } = this.#options;
    this.close();
    this.#head = offset;
    this.#sizeGeneration = 0;
    this.#screen = screens.open(
      pty.session,
      {
        ...pty.info.spawnSize,
        sizeGeneration: 0,
        offset,
        checkpoint,
        scrollbackLines,
        scrollbackBytes,
        historyDir,
      },
      listener,
    );
  }

  /** False when it has all of that already. */
  write(offset: number, bytes: Buffer): boolean {
    const end = offset + bytes.length;
    if (end <= this.#head) return false;
    const fresh = offset < this.#head ? bytes.subarray(this.#head - offset) : bytes;
    this.#screen?.write(end - fresh.length, fresh);
    this.#head = end;
    return true;
  }

  /** False when it has that already. */
  resize(offset: number, size: WindowSize, generation: number): boolean {
    if (generation <= this.#sizeGeneration) return false;
    this.#sizeGeneration = generation;
    this.#screen?.resize(offset, size, generation);
    return true;
  }

  /** The bytes between are lost. False when it has them. */
  gap(from: number, to: number): boolean {
    if (to <= this.#head) return false;
    this.#head = to;
    this.#screen?.gap(from, to);
    return true;
  }

  setColours(colours: { foreground?: string; background?: string; cursor?: string }): void {
    this.#screen?.setColours(colours);
  }

  dropView(view: string): void {
    this.#screen?.dropView(view);
  }

  /** The model has failed: there is none until another is opened. */
  lost(): void {
    this.#screen = undefined;
  }

  close(): void {
    this.#screen?.close();
    this.#screen = undefined;
  }
}
