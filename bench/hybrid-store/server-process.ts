import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { within } from '../host/clock.ts';
import type { PlaceOptions } from './programs/place.ts';
import type { TaskName, TaskOrder, TaskReport, Tasks } from './programs/tasks.ts';

const PROGRAM = fileURLToPath(new URL('./programs/server.ts', import.meta.url));
const START_TIMEOUT_MS = 60_000;
const TASK_TIMEOUT_MS = 600_000;

/** A server of the bench, in a process of its own. It ends with this one. */
export class ServerProcess {
  readonly serverId: string;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #number = 0;

  private constructor(options: PlaceOptions) {
    this.serverId = options.serverId;
    this.#child = fork(PROGRAM, [JSON.stringify(options)], {
      execArgv: ['--conditions=@triterm/source', '--no-warnings'],
      serialization: 'advanced',
    });
    this.#child.on('message', (report: TaskReport) => {
      const waiting = this.#waiting.get(report.number);
      this.#waiting.delete(report.number);
      if (report.failed === undefined) waiting?.resolve(report.value);
      else waiting?.reject(new Error(`${this.serverId}: ${report.failed}`));
    });
    this.#child.on('exit', (code, signal) => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`${this.serverId} has ended: ${signal ?? `exit ${code}`}`));
      this.#waiting.clear();
    });
  }

  /** Resolves when its store is open. */
  static async start(options: PlaceOptions): Promise<ServerProcess> {
    const server = new ServerProcess(options);
    try {
      await within(START_TIMEOUT_MS, `${options.serverId} has opened its store`, server.#reported(0));
      return server;
    } catch (thrown) {
      await server.end();
      throw thrown;
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Rejects with what the task failed with, when the process ends, and when it takes too long. */
  async run<T extends TaskName>(
    task: T,
    ...[options]: Parameters<Tasks[T]> extends [unknown, infer O] ? [options: O] : []
  ): Promise<Awaited<ReturnType<Tasks[T]>>> {
    const order: TaskOrder = { number: (this.#number += 1), task, options };
    const done = this.#reported(order.number);
    this.#child.send(order);
    return (await within(TASK_TIMEOUT_MS, `${this.serverId}: ${task}`, done)) as Awaited<
      ReturnType<Tasks[T]>
    >;
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  #reported(number: number): Promise<unknown> {
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(number, waiting);
    return waiting.promise;
  }
}
