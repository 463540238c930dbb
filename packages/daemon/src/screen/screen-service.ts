import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { TermError } from '@triterm/core/errors';
import { ENTRY_POINT_OPTIONS, entryPoint } from '../entry-points.ts';
import type { Screen, ScreenListener, ScreenOptions, Screens } from './screen.ts';
import { type ScreenLink, ScreenProxy } from './screen-proxy.ts';
import {
  type FromWorker,
  LEAVE,
  type RequestName,
  type ScreenRequests,
  type ToWorker,
} from './worker-messages.ts';

export interface ScreensOptions {
  /** The thread's file; another one in tests. */
  readonly worker?: URL;
  /** While requests wait, a thread that is silent for this long is taken for dead and replaced. */
  readonly silenceMs?: number;
}

const SILENCE_MS = 20_000;
/** The thread may bring to its end what it has begun; then it is cut off. */
const LEAVE_MS = 300;
/** A thread that does not end in this time is left to the process's own end. */
const CLOSE_MS = 2000;
/** Unparsed output of all screens together at which streams are to wait; one screen may always have `SHARE_BYTES`. */
const TOTAL_BACKLOG_BYTES = 64 * 1024 * 1024;
const SHARE_BYTES = 256 * 1024;

interface Pending {
  readonly screen: number;
  resolve(result: never): void;
  reject(error: TermError): void;
}

/** Screen models in one worker thread, which starts with the first screen and again after it failed. */
export function startScreens(options: ScreensOptions = {}): Screens {
  return new ScreenService(options);
}

class ScreenService implements Screens, ScreenLink {
  readonly #workerFile: URL;
  readonly #silenceMs: number;
  readonly #screens = new Map<number, ScreenProxy>();
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #outbox: ToWorker[] = [];
  #transfers: ArrayBuffer[] = [];
  #lastScreen = 0;
  #lastRequest = 0;
  #backlogBytes = 0;
  #heardAtMs = 0;
  #silenceTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ScreensOptions) {
    this.#workerFile = options.worker ?? entryPoint('screen-worker');
    this.#silenceMs = options.silenceMs ?? SILENCE_MS;
  }

  open(_session: string, options: ScreenOptions, listener: ScreenListener): Screen {
    if (this.#closed) throw new TermError('SHUTTING_DOWN', 'The daemon is ending.');
    this.#worker ??= this.#startWorker();
    this.#lastScreen += 1;
    const screen = new ScreenProxy(this.#lastScreen, options, listener, this);
    this.#screens.set(screen.key, screen);
    return screen;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    this.#drop(new TermError('SHUTTING_DOWN', 'The daemon is ending.'), false);
    if (worker === undefined) return;
    // A thread that is cut off in the middle of native code has taken the process with it.
    const left = once(worker, 'exit', { signal: AbortSignal.timeout(LEAVE_MS) });
    worker.postMessage(LEAVE);
    await left.catch(async () => {
      const cutOff = once(worker, 'exit', { signal: AbortSignal.timeout(CLOSE_MS) });
      void worker.terminate();
      await cutOff.catch(() => {});
    });
  }

  // The rest is what the proxies see.

  isFull(backlogBytes: number): boolean {
    return this.#backlogBytes > TOTAL_BACKLOG_BYTES && backlogBytes > SHARE_BYTES;
  }

  backlogChanged(byBytes: number): void {
    this.#backlogBytes += byBytes;
  }

  /** Messages of one turn travel together. */
  post(message: ToWorker, transfer?: ArrayBuffer): void {
    if (this.#outbox.length === 0) queueMicrotask(() => this.#flush());
    this.#outbox.push(message);
    if (transfer !== undefined) this.#transfers.push(transfer);
  }

  request<N extends RequestName>(
    screen: number,
    name: N,
    params: ScreenRequests[N]['params'],
  ): Promise<ScreenRequests[N]['result']> {
    return new Promise((resolve, reject) => {
      this.#lastRequest += 1;
      const id = this.#lastRequest;
      this.#pending.set(id, { screen, resolve, reject });
      this.post({ kind: 'request', screen, id, request: { name, params } as never });
      this.#watchSilence();
    });
  }

  closed(screen: ScreenProxy): void {
    this.#screens.delete(screen.key);
    for (const [id, pending] of this.#pending) {
      if (pending.screen !== screen.key) continue;
      this.#pending.delete(id);
      pending.reject(new TermError('NO_SCREEN', 'The screen was closed meanwhile.'));
    }
  }

  #flush(): void {
    const messages = this.#outbox;
    const transfers = this.#transfers;
    this.#outbox = [];
    this.#transfers = [];
    this.#worker?.postMessage(messages, transfers);
  }

  #startWorker(): Worker {
    const worker = new Worker(this.#workerFile, { execArgv: [...ENTRY_POINT_OPTIONS], name: 'screens' });
    const failed = (cause: unknown) => {
      if (this.#worker !== worker) return;
      this.#drop(new TermError('INTERNAL', 'The screen thread failed.', { cause }), true);
    };
    worker.on('message', (messages: FromWorker[]) => {
      if (this.#worker !== worker) return;
      this.#heardAtMs = performance.now();
      for (const message of messages) this.#receive(message);
    });
    worker.on('messageerror', failed);
    worker.on('error', failed);
    worker.on('exit', code => failed(new Error(`It ended with status ${code}.`)));
    this.#heardAtMs = performance.now();
    return worker;
  }

  #receive(message: FromWorker): void {
    if (message.kind === 'reply' || message.kind === 'refusal') {
      const pending = this.#pending.get(message.id);
      this.#pending.delete(message.id);
      if (message.kind === 'reply') pending?.resolve(message.result as never);
      else pending?.reject(TermError.fromWire(message.error));
      return;
    }
    this.#screens.get(message.screen)?.receive(message);
  }

  /** Every screen and request of the present thread is gone. */
  #drop(error: TermError, tell: boolean): void {
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = undefined;
    this.#worker = undefined;
    this.#outbox = [];
    this.#transfers = [];
    this.#backlogBytes = 0;
    const screens = [...this.#screens.values()];
    const pending = [...this.#pending.values()];
    this.#screens.clear();
    this.#pending.clear();
    for (const request of pending) request.reject(error);
    for (const screen of screens) screen.lost(error, tell);
  }

  #watchSilence(): void {
    if (this.#silenceTimer !== undefined) return;
    const startedAtMs = performance.now();
    this.#silenceTimer = setTimeout(() => {
      this.#silenceTimer = undefined;
      const worker = this.#worker;
      if (worker === undefined || this.#pending.size === 0) return;
      if (performance.now() - Math.max(this.#heardAtMs, startedAtMs) < this.#silenceMs / 2)
        return this.#watchSilence();
      this.#drop(new TermError('INTERNAL', `The screen thread was silent for ${this.#silenceMs} ms.`), true);
      void worker.terminate();
    }, this.#silenceMs).unref();
  }
}
