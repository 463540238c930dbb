import { createHash } from 'node:crypto';
import type { WindowSize } from '@triterm/core/domain';
import type { TermError } from '@triterm/core/errors';
import type { ExitStatus } from '@triterm/core/protocol';
import { until } from '../../pty-host/testing/until.ts';
import type { PtySink } from '../pty.ts';

/** Remembers what one stream of a PTY brought. */
export class PtyRecorder implements PtySink {
  readonly events: string[] = [];
  readonly #chunks: Buffer[] = [];
  readonly #onOutput: (end: number) => void;
  end = 0;
  misplaced = 0;
  status: ExitStatus | undefined;
  error: TermError | undefined;

  constructor(offset = 0, onOutput: (end: number) => void = () => {}) {
    this.end = offset;
    this.#onOutput = onOutput;
  }

  checkpoint(offset: number, bytes: Buffer): void {
    this.events.push(`checkpoint ${offset} ${bytes}`);
    this.end = offset;
  }

  output(offset: number, bytes: Buffer): void {
    if (offset !== this.end) this.misplaced += 1;
    this.end = offset + bytes.length;
    this.#chunks.push(bytes);
    this.#onOutput(this.end);
  }

  resized(offset: number, size: WindowSize, sizeGeneration: number): void {
    this.events.push(`resized ${offset} ${size.cols}x${size.rows} ${sizeGeneration}`);
  }

  gap(from: number, to: number): void {
    this.events.push(`gap ${from} ${to}`);
    this.end = to;
  }

  exited(offset: number, status: ExitStatus): void {
    this.events.push(`exited ${offset}`);
    this.status = status;
  }

  eof(offset: number): void {
    this.events.push(`eof ${offset}`);
  }

  lost(error: TermError): void {
    this.events.push('lost');
    this.error = error;
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }

  sha1(): string {
    return createHash('sha1').update(Buffer.concat(this.#chunks)).digest('hex');
  }

  async untilText(part: string): Promise<void> {
    await until(
      () => this.text.includes(part),
      () => `${part} in ${this.text.slice(-500)}`,
    );
  }

  async untilEvent(name: string): Promise<void> {
    await until(
      () => this.events.some(event => event.startsWith(name)),
      () => `${name} among ${this.events}`,
    );
  }
}
