import type { WindowSize } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type {
  Capture,
  CaptureOptions,
  Checkpoint,
  Paint,
  PaintOptions,
  Rendered,
  Screen,
  ScreenListener,
  ScreenOptions,
  SearchMatch,
} from './screen.ts';
import type {
  Colours,
  FromWorker,
  RequestName,
  ScreenEvent,
  ScreenRequests,
  ToWorker,
} from './worker-messages.ts';

/** What a proxy needs of the service that owns the thread. */
export interface ScreenLink {
  post(message: ToWorker, transfer?: ArrayBuffer): void;
  request<N extends RequestName>(
    screen: number,
    name: N,
    params: ScreenRequests[N]['params'],
  ): Promise<ScreenRequests[N]['result']>;
  closed(screen: ScreenProxy): void;
  backlogChanged(byBytes: number): void;
  isFull(backlogBytes: number): boolean;
}

/** Unparsed output of one screen at which its stream is to wait. */
const BACKLOG_BYTES = 40 * 1024 * 1024;

/** One screen as the main thread has it: everything but the count of what is under way happens in the worker. */
export class ScreenProxy implements Screen {
  readonly key: number;
  readonly #listener: ScreenListener;
  readonly #link: ScreenLink;
  #backlogBytes = 0;
  #open = true;

  constructor(key: number, options: ScreenOptions, listener: ScreenListener, link: ScreenLink) {
    this.key = key;
    this.#listener = listener;
    this.#link = link;
    link.post({ kind: 'open', screen: key, options });
  }

  get backlogBytes(): number {
    return this.#backlogBytes;
  }

  get full(): boolean {
    return this.#backlogBytes > BACKLOG_BYTES || this.#link.isFull(this.#backlogBytes);
  }

  write(offset: number, bytes: Uint8Array): void {
    if (!this.#open || bytes.length === 0) return;
    // A copy of exactly this size: a view of a pooled buffer would drag the whole pool along, or empty it by transfer.
    const copy: Uint8Array<ArrayBuffer> = new Uint8Array(bytes);
    this.#count(bytes.length);
    this.#link.post({ kind: 'write', screen: this.key, offset, bytes: copy }, copy.buffer);
  }

  resize(offset: number, size: WindowSize, sizeGeneration: number): void {
    const { cols, rows } = size;
    if (this.#open)
      this.#link.post({ kind: 'resize', screen: this.key, offset, size: { cols, rows }, sizeGeneration });
  }

  gap(from: number, to: number): void {
    if (this.#open) this.#link.post({ kind: 'gap', screen: this.key, from, to });
  }

  setColours(colours: Colours): void {
    if (this.#open) this.#link.post({ kind: 'colours', screen: this.key, colours });
  }

  paint(options: PaintOptions): Promise<Paint> {
    return this.#request('paint', options);
  }

  render(view: string, window: WindowSize, reset: boolean): Promise<Rendered> {
    return this.#request('render', { view, window: { cols: window.cols, rows: window.rows }, reset });
  }

  dropView(view: string): void {
    if (this.#open) this.#link.post({ kind: 'dropView', screen: this.key, view });
  }

  checkpoint(): Promise<Checkpoint> {
    return this.#request('checkpoint', {});
  }

  capture(options: CaptureOptions): Promise<Capture> {
    return this.#request('capture', options);
  }

  search(
    pattern: string,
    flags: string,
    limit: number,
  ): Promise<{ matches: SearchMatch[]; truncated: boolean }> {
    return this.#request('search', { pattern, flags, limit });
  }

  match(pattern: string): Promise<string | null> {
    return this.#request('match', { pattern });
  }

  async discard(): Promise<void> {
    await this.#request('discard', {});
  }

  close(): void {
    if (!this.#open) return;
    this.#end();
    this.#link.post({ kind: 'close', screen: this.key });
    this.#link.closed(this);
  }

  /** The thread has gone. */
  lost(error: Error, tell: boolean): void {
    if (!this.#open) return;
    this.#open = false;
    this.#backlogBytes = 0;
    if (tell) this.#listener.failed(error);
  }

  receive(message: Extract<FromWorker, { screen: number }>): void {
    switch (message.kind) {
      case 'parsed':
        // What was written and not parsed is counted, not what offsets say: those jump over gaps.
        this.#count(-message.bytes);
        this.#listener.parsed(message.offset);
        break;
      case 'events':
        for (const event of message.events) this.#tell(event);
        break;
      case 'trouble':
        this.#listener.trouble?.(message.message);
        break;
    }
  }

  #tell(event: ScreenEvent): void {
    switch (event.kind) {
      case 'answer':
        this.#listener.answer(event.offset, event.data);
        break;
      case 'title':
        this.#listener.title(event.title, event.offset);
        break;
      case 'cwd':
        this.#listener.cwd(event.cwd, event.offset);
        break;
      case 'bell':
        this.#listener.bell(event.offset);
        break;
      case 'notification':
        this.#listener.notification(event.body, event.offset);
        break;
      case 'mark':
        this.#listener.mark(event.mark);
        break;
    }
  }

  #request<N extends RequestName>(
    name: N,
    params: ScreenRequests[N]['params'],
  ): Promise<ScreenRequests[N]['result']> {
    if (!this.#open) return Promise.reject(new TermError('NO_SCREEN', 'The screen is closed.'));
    return this.#link.request(this.key, name, params);
  }

  #count(byBytes: number): void {
    this.#backlogBytes += byBytes;
    this.#link.backlogChanged(byBytes);
  }

  #end(): void {
    this.#link.backlogChanged(-this.#backlogBytes);
    this.#backlogBytes = 0;
    this.#open = false;
  }
}
