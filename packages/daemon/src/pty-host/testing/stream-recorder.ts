import { createHash } from 'node:crypto';
import type { ExitStatus } from '@triterm/core/protocol';
import { until } from './until.ts';

export interface StreamRecorderOptions {
  readonly channel: number;
  readonly handle: number;
  readonly offset: number;
  readonly keep?: boolean;
  readonly onBytes?: (offset: number, bytes: Buffer, channel: number) => void;
}

/** A record of a stream with the place at which it came. */
export interface StreamRecord {
  readonly name: string;
  readonly params: Record<string, unknown>;
  /** Where the bytes stood when it came. */
  readonly at: number;
}

const TAIL_BYTES = 16 * 1024;

/** What one subscription was sent. */
export class StreamRecorder {
  readonly channel: number;
  readonly handle: number;
  readonly records: StreamRecord[] = [];
  subscribed: { offset: number; logEnd: number } | undefined;
  checkpoint: { offset: number; bytes: Buffer } | undefined;
  /** Where the next byte stands. */
  end: number;
  /** Bytes that did not stand where the ones before ended. */
  misplaced = 0;
  received = 0;
  exit: ExitStatus | undefined;
  eof = false;
  readonly #hash = createHash('sha1');
  readonly #chunks: Buffer[] | undefined;
  readonly #onBytes: (offset: number, bytes: Buffer, channel: number) => void;

  constructor(options: StreamRecorderOptions) {
    this.channel = options.channel;
    this.handle = options.handle;
    this.end = options.offset;
    this.#chunks = options.keep === false ? undefined : [];
    this.#onBytes = options.onBytes ?? (() => {});
  }

  bytes(offset: number, bytes: Buffer): void {
    if (offset !== this.end) this.misplaced += 1;
    this.end = offset + bytes.length;
    this.received += bytes.length;
    this.#hash.update(bytes);
    this.#chunks?.push(Buffer.from(bytes));
    this.#onBytes(offset, bytes, this.channel);
  }

  snapshot(offset: number, bytes: Buffer): void {
    this.checkpoint = { offset, bytes: Buffer.from(bytes) };
    this.end = offset;
  }

  record(name: string, params: unknown): void {
    const record = params as Record<string, unknown>;
    this.records.push({ name, params: record, at: this.end });
    if (name === 'gap') this.end = Number(record.to);
    if (name === 'exit') this.exit = record.status as ExitStatus;
    if (name === 'eof') this.eof = true;
  }

  named(name: string): StreamRecord[] {
    return this.records.filter(record => record.name === name);
  }

  get tail(): string {
    let bytes = 0;
    const chunks = this.#chunks ?? [];
    const from = chunks.findLastIndex(chunk => (bytes += chunk.length) > TAIL_BYTES);
    return Buffer.concat(chunks.slice(Math.max(0, from))).toString('utf8');
  }

  get text(): string {
    return Buffer.concat(this.#chunks ?? []).toString('utf8');
  }

  get raw(): Buffer {
    return Buffer.concat(this.#chunks ?? []);
  }

  /** Of all bytes so far; can be asked for once. */
  sha1(): string {
    return this.#hash.digest('hex');
  }

  /** Looks at the last bytes only. */
  async untilText(part: string): Promise<void> {
    await until(
      () => this.tail.includes(part),
      () => `${JSON.stringify(part)} in ${JSON.stringify(this.tail.slice(-500))}`,
    );
  }

  async untilExit(): Promise<ExitStatus> {
    await until(() => this.exit !== undefined, 'the exit record');
    return this.exit as ExitStatus;
  }

  async untilEof(deadlineMs?: number): Promise<void> {
    await until(() => this.eof, 'the eof record', deadlineMs);
  }

  async untilEnd(end: number): Promise<void> {
    await until(
      () => this.end >= end,
      () => `bytes up to ${end}, not ${this.end}`,
    );
  }
}
