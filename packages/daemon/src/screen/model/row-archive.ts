import { CELL_WORDS, NULL_CONTENT } from './cells.ts';
import type { RowCells, XtermLine } from './xterm-internals.ts';

/** Room of a chunk: 512 KB of cells. */
const CHUNK_WORDS = 128 * 1024;
const CHUNK_ROWS = 2048;
/** Cells of chunks that are no longer used, for the next: memory that was used already is quicker than new. */
const spareWords: Uint32Array[] = [];
const MAX_SPARE = 16;

/** Rows of one width, one after the other, without the blanks at their ends. */
interface Chunk {
  readonly cols: number;
  readonly words: Uint32Array;
  /** Where each row begins, and where the last one ends. */
  readonly starts: Uint32Array;
  readonly wrapped: Uint8Array;
  readonly combined: Map<number, RowCells['_combined']>;
  readonly extended: Map<number, RowCells['_extendedAttrs']>;
  rows: number;
  /** Rows at the front that were dropped. */
  dropped: number;
}

/**
 * Rows that left the terminal's buffer, oldest first. A flood of output passes through here: a row costs a copy of its cells and
 * no object.
 */
export class RowArchive {
  readonly #chunks: Chunk[] = [];
  #last: Chunk | undefined;
  #rows = 0;

  get rows(): number {
    return this.#rows;
  }

  get bytes(): number {
    return this.#chunks.length * CHUNK_WORDS * 4;
  }

  /** Copies the cells; characters and attributes outside of them are taken over, the row must not change them any more. */
  push(line: XtermLine): void {
    const { _data: data, _combined, _extendedAttrs } = line;
    let chunk = this.#last;
    if (chunk === undefined || !hasRoom(chunk, line)) chunk = this.#addChunk(line.length);
    const { rows, starts } = chunk;
    const start = starts[rows] ?? 0;
    // All of it, because that is quicker than a view of a part; the next row begins where the blanks do.
    chunk.words.set(data, start);
    starts[rows + 1] = start + usedWords(data);
    chunk.wrapped[rows] = line.isWrapped ? 1 : 0;
    if (hasKeys(_combined)) chunk.combined.set(rows, _combined);
    if (hasKeys(_extendedAttrs)) chunk.extended.set(rows, _extendedAttrs);
    chunk.rows = rows + 1;
    this.#rows += 1;
  }

  /** Rows from one index up to another, as views: valid until they are dropped. */
  slice(from: number, to: number): RowCells[] {
    const found: RowCells[] = [];
    let first = 0;
    for (const chunk of this.#chunks) {
      const rows = chunk.rows - chunk.dropped;
      for (let row = Math.max(0, from - first); row < Math.min(rows, to - first); row += 1) {
        found.push(view(chunk, chunk.dropped + row));
      }
      first += rows;
      if (first >= to) break;
    }
    return found;
  }

  /** For every row 1 when it goes on with the one before it. */
  wrapped(): Uint8Array {
    const all = new Uint8Array(this.#rows);
    let at = 0;
    for (const chunk of this.#chunks) {
      all.set(chunk.wrapped.subarray(chunk.dropped, chunk.rows), at);
      at += chunk.rows - chunk.dropped;
    }
    return all;
  }

  /** Removes the oldest rows. */
  drop(count: number): void {
    let left = Math.min(count, this.#rows);
    this.#rows -= left;
    for (let chunk = this.#chunks[0]; chunk !== undefined && left > 0; chunk = this.#chunks[0]) {
      const rows = Math.min(left, chunk.rows - chunk.dropped);
      chunk.dropped += rows;
      left -= rows;
      if (chunk.dropped < chunk.rows) return;
      this.#chunks.shift();
      this.#last = this.#chunks.at(-1);
      if (spareWords.length < MAX_SPARE) spareWords.push(chunk.words);
    }
  }

  /** The oldest row begins a line from now on. */
  beginLine(): void {
    const chunk = this.#chunks[0];
    if (chunk !== undefined) chunk.wrapped[chunk.dropped] = 0;
  }

  clear(): void {
    this.#chunks.length = 0;
    this.#last = undefined;
    this.#rows = 0;
  }

  #addChunk(cols: number): Chunk {
    const chunk = newChunk(cols);
    this.#chunks.push(chunk);
    this.#last = chunk;
    return chunk;
  }
}

/** Cells of a row up to the last that is not as new. */
export function usedCells(row: RowCells): number {
  return usedWords(row._data) / CELL_WORDS;
}

function usedWords(data: Uint32Array): number {
  let at = data.length;
  while (at > 0 && data[at - 3] === NULL_CONTENT && data[at - 2] === 0 && data[at - 1] === 0)
    at -= CELL_WORDS;
  return at;
}

function hasRoom(chunk: Chunk, line: XtermLine): boolean {
  if (chunk.cols !== line.length || chunk.rows === CHUNK_ROWS) return false;
  return (chunk.starts[chunk.rows] ?? 0) + line._data.length <= CHUNK_WORDS;
}

function newChunk(cols: number): Chunk {
  return {
    cols,
    words: spareWords.pop() ?? new Uint32Array(CHUNK_WORDS),
    starts: new Uint32Array(CHUNK_ROWS + 1),
    wrapped: new Uint8Array(CHUNK_ROWS),
    combined: new Map(),
    extended: new Map(),
    rows: 0,
    dropped: 0,
  };
}

function view(chunk: Chunk, row: number): RowCells {
  return {
    _data: chunk.words.subarray(chunk.starts[row], chunk.starts[row + 1]),
    _combined: chunk.combined.get(row) ?? {},
    _extendedAttrs: chunk.extended.get(row) ?? {},
    length: chunk.cols,
    isWrapped: chunk.wrapped[row] === 1,
  };
}

function hasKeys(record: object): boolean {
  for (const _key in record) return true;
  return false;
}
