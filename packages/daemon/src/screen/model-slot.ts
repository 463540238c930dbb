import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { WindowSize } from '@triterm/core/domain';
import type { ModelListener } from './model/model-listener.ts';
import { TerminalModel } from './model/terminal-model.ts';
import type { Colours } from './worker-messages.ts';

/** A packed model is never larger than this when it is unpacked. */
const MAX_STATE_BYTES = 256 * 1024 * 1024;

/**
 * A terminal model, or the little that stands for it while nobody needs it: its size while it is as new, its packed state after
 * a rest.
 */
export class ModelSlot {
  readonly #listener: ModelListener;
  #size: WindowSize;
  #model: TerminalModel | undefined;
  /** State of the model as it is, as far as it was packed already. */
  #packed: Uint8Array | undefined;
  #colours: Colours = {};

  constructor(size: WindowSize, packed: Uint8Array | undefined, listener: ModelListener) {
    this.#size = { cols: size.cols, rows: size.rows };
    this.#packed = packed;
    this.#listener = listener;
  }

  get size(): WindowSize {
    return this.#size;
  }

  get isLive(): boolean {
    return this.#model !== undefined;
  }

  /** Nothing was ever written to it. */
  get isNew(): boolean {
    return this.#model === undefined && this.#packed === undefined;
  }

  /** The model, made or revived when it is not there. Throws when its state is damaged. */
  look(): TerminalModel {
    if (this.#model !== undefined) return this.#model;
    if (this.#packed === undefined) {
      this.#model = new TerminalModel({ ...this.#size, listener: this.#listener });
    } else {
      const state = zstdDecompressSync(this.#packed, { maxOutputLength: MAX_STATE_BYTES });
      this.#model = TerminalModel.restore(state, this.#listener);
      this.#size = { cols: this.#model.cols, rows: this.#model.rows };
    }
    this.#model.setColours(this.#colours);
    return this.#model;
  }

  /** As `look`, for a change. */
  change(): TerminalModel {
    const model = this.look();
    this.#packed = undefined;
    return model;
  }

  resize(size: WindowSize): void {
    if (this.#model === undefined && this.#packed === undefined) {
      this.#size = { cols: size.cols, rows: size.rows };
      return;
    }
    this.change().resize(size.cols, size.rows);
    this.#size = { cols: size.cols, rows: size.rows };
  }

  setColours(colours: Colours): void {
    this.#colours = colours;
    this.#model?.setColours(colours);
  }

  /** The model's state, zstd. */
  pack(): Uint8Array {
    this.#packed ??= zstdCompressSync(this.look().checkpoint(), {
      params: { [constants.ZSTD_c_compressionLevel]: 3 },
    });
    return this.#packed;
  }

  /** Keeps the packed state alone. */
  hibernate(): void {
    if (this.#model === undefined) return;
    this.pack();
    this.#model = undefined;
  }

  /** A new terminal of the same size. */
  renew(): void {
    this.#model = undefined;
    this.#packed = undefined;
  }
}
