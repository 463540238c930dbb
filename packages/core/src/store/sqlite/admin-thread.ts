import { Worker } from 'node:worker_threads';
import { TermError } from '../../errors/index.ts';
import type {
  AdminAnswer,
  AdminStep,
  AdminWorkerData,
  StepArguments,
  StepOutcome,
} from './admin-messages.ts';

/** From a request to its rejection. A backup or an import is one step, however large. */
const STEP_DEADLINE_MS = 15 * 60_000;
const CLOSE_DEADLINE_MS = 5000;

export interface AdminOptions {
  readonly file: string;
  /** The file of `worker.ts`, as source or bundle. */
  readonly workerUrl: URL;
  readonly execArgv: readonly string[];
}

/** A thread for one administrative task: its statements may be long, and nobody else waits for them. */
export class AdminThread {
  readonly #worker: Worker;
  readonly #file: string;
  #answered: ((answer: AdminAnswer) => void) | undefined;
  #ended: TermError | undefined;

  constructor({ file, workerUrl, execArgv }: AdminOptions) {
    this.#file = file;
    const data: AdminWorkerData = { administer: file };
    this.#worker = new Worker(workerUrl, { name: 'admin', workerData: data, execArgv: [...execArgv] });
    this.#worker.on('message', (answer: AdminAnswer) => this.#answered?.(answer));
    this.#worker.on('error', cause => this.#end(cause));
    this.#worker.on('exit', () => this.#end(undefined));
  }

  /** Rejects with the step's own errors, and with STORE_UNAVAILABLE at its deadline or when the thread has ended. */
  async run<S extends AdminStep>(step: S, ...args: StepArguments<S>): Promise<StepOutcome<S>> {
    return (await this.#send(step, args, STEP_DEADLINE_MS)) as StepOutcome<S>;
  }

  /** Whatever is not committed is undone. */
  async close(): Promise<void> {
    if (this.#answered === undefined) await this.#send('close', [], CLOSE_DEADLINE_MS).catch(() => {});
    await this.#worker.terminate();
  }

  #send(step: AdminStep, args: readonly unknown[], timeoutMs: number): Promise<unknown> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#answered = undefined;
        reject(
          new TermError(
            'STORE_UNAVAILABLE',
            `The database ${this.#file} has not answered in time (${step}).`,
          ),
        );
      }, timeoutMs);
      this.#answered = answer => {
        clearTimeout(timer);
        this.#answered = undefined;
        if ('error' in answer) reject(TermError.fromWire(answer.error));
        else resolve(answer.result);
      };
      this.#worker.postMessage({ step, args });
    });
  }

  #end(cause: Error | undefined): void {
    this.#ended ??= new TermError(
      'STORE_UNAVAILABLE',
      `The thread of the database has ended${cause === undefined ? '' : `: ${cause.message}`}.`,
      { cause },
    );
    this.#answered?.({ error: this.#ended.toWire() });
  }
}
