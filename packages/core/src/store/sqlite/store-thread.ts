import { Worker } from 'node:worker_threads';
import { TermError } from '../../errors/index.ts';
import {
  type Arguments,
  isRead,
  type Opened,
  type Operation,
  type Outcome,
  REOPENED,
  type StoreAnswer,
  type StoreMessage,
  type StoreRequest,
  type StoreWorkerData,
  sharedNowMs,
} from './worker-messages.ts';

/** From a call to its rejection, whatever the database does. */
const DEADLINE_MS = 2500;
/** The thread gives up that much earlier, so that its word, which is certain, comes first. */
const ANSWER_MARGIN_MS = 250;
/** Opening may have to recover a WAL, check a damaged file and migrate. */
const OPEN_DEADLINE_MS = 15_000;
const CLOSE_DEADLINE_MS = 5000;
/** Calls given to the thread and not answered; those whose caller has given up count too. */
const MAX_OUTSTANDING = 1024;
/** A thread that dies at once is not started again in a tight loop. */
const RESTART_PAUSE_MS = 250;

export interface StoreThreadOptions extends StoreWorkerData {
  /** The file of `worker.ts`, as source or bundle. */
  readonly workerUrl: URL;
  readonly execArgv: readonly string[];
  /** The thread has opened the path again. */
  readonly reopened: () => void;
}

interface Waiting {
  readonly what: string;
  /** Whether the caller must be told that it may have happened after all. */
  readonly write: boolean;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: TermError) => void;
  readonly timer: NodeJS.Timeout;
}

/** The main thread's side of the store's thread: deadlines, a bounded queue, and a new thread when it died. */
export class StoreThread {
  readonly #options: StoreThreadOptions;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #startedAtMs = Number.NEGATIVE_INFINITY;
  #outstanding = 0;
  #nextId = 1;
  #closed = false;

  constructor(options: StoreThreadOptions) {
    this.#options = options;
  }

  /** Rejects as `openDatabase`, or with STORE_UNAVAILABLE at the deadline. */
  async open(): Promise<Opened> {
    return (await this.#send(id => ({ id, open: true }), 'opening', false, OPEN_DEADLINE_MS)) as Opened;
  }

  /**
   * Runs an operation. Rejects with the operation's own errors; with STORE_UNAVAILABLE, DISK_FULL, READ_ONLY_STATE or
   * STORE_CORRUPT when it was not done; with OUTCOME_UNKNOWN when it may have been.
   */
  async call<O extends Operation>(op: O, ...args: Arguments<O>): Promise<Outcome<O>> {
    const deadlineMs = sharedNowMs() + DEADLINE_MS - ANSWER_MARGIN_MS;
    const result = await this.#send(
      // The pair is a member of the union for each operation, which the compiler can't see for all of them at once.
      id => ({ id, deadlineMs, call: { op, args } }) as StoreRequest,
      op,
      !isRead(op),
      DEADLINE_MS,
    );
    return result as Outcome<O>;
  }

  /** Ends the thread after what was called before; at its deadline, at once. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const worker = this.#worker;
    if (worker !== undefined)
      await this.#post(worker, id => ({ id, close: true }), 'closing', false, CLOSE_DEADLINE_MS).catch(
        () => {},
      );
    this.#worker = undefined;
    await worker?.terminate();
  }

  #send(
    request: (id: number) => StoreRequest,
    what: string,
    write: boolean,
    timeoutMs: number,
  ): Promise<unknown> {
    if (this.#closed) return Promise.reject(unavailable('The store is closed.'));
    if (this.#outstanding >= MAX_OUTSTANDING)
      return Promise.reject(unavailable(`${this.#outstanding} requests wait for the database.`));
    const worker = this.#running();
    if (worker === undefined) return Promise.reject(unavailable('The thread of the database has failed.'));
    return this.#post(worker, request, what, write, timeoutMs);
  }

  #post(
    worker: Worker,
    request: (id: number) => StoreRequest,
    what: string,
    write: boolean,
    timeoutMs: number,
  ): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      // After a stall of this thread the timer fires before the answer is taken in, so one more look at it follows.
      const timer = setTimeout(() => setImmediate(() => this.#giveUp(id)), timeoutMs);
      this.#waiting.set(id, { what, write, resolve, reject, timer });
      this.#outstanding += 1;
      worker.postMessage(request(id));
    });
  }

  #giveUp(id: number): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    waiting.reject(unanswered(waiting, 'The database has not answered in time'));
  }

  /** The thread, started when there is none. */
  #running(): Worker | undefined {
    if (this.#worker !== undefined) return this.#worker;
    const nowMs = performance.now();
    if (nowMs - this.#startedAtMs < RESTART_PAUSE_MS) return undefined;
    this.#startedAtMs = nowMs;
    const { workerUrl, execArgv, file, bootId, reopened } = this.#options;
    const data: StoreWorkerData = { file, bootId };
    const worker = new Worker(workerUrl, { name: 'store', workerData: data, execArgv: [...execArgv] });
    worker.on('message', (message: StoreMessage) => {
      if (message === REOPENED) reopened();
      else for (const answer of message) this.#settle(answer);
    });
    worker.on('error', cause => this.#lost(worker, cause));
    worker.on('exit', () => this.#lost(worker, undefined));
    this.#worker = worker;
    return worker;
  }

  #settle(answer: StoreAnswer): void {
    this.#outstanding -= 1;
    const waiting = this.#waiting.get(answer.id);
    if (waiting === undefined) return;
    this.#waiting.delete(answer.id);
    clearTimeout(waiting.timer);
    if ('error' in answer) waiting.reject(TermError.fromWire(answer.error));
    else waiting.resolve(answer.result);
  }

  #lost(worker: Worker, cause: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#outstanding = 0;
    const reason = cause instanceof Error ? `: ${cause.message}` : '';
    for (const waiting of this.#waiting.values()) {
      clearTimeout(waiting.timer);
      waiting.reject(unanswered(waiting, `The thread of the database has ended${reason}`));
    }
    this.#waiting.clear();
  }
}

function unavailable(message: string): TermError {
  return new TermError('STORE_UNAVAILABLE', message);
}

function unanswered({ what, write }: Waiting, why: string): TermError {
  return new TermError(write ? 'OUTCOME_UNKNOWN' : 'STORE_UNAVAILABLE', `${why} (${what}).`);
}
