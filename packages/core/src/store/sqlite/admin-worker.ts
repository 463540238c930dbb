import type { MessagePort } from 'node:worker_threads';
import { TermError } from '../../errors/index.ts';
import type { AdminAnswer, AdminRequest } from './admin-messages.ts';
import { AdminTask } from './admin-task.ts';
import { driver } from './driver.ts';

/** The thread of one administrative task. */
export function administer(port: MessagePort, file: string): void {
  const task = new AdminTask(driver, file);
  const answer = (message: AdminAnswer) => port.postMessage(message);
  port.on('message', async ({ step, args }: AdminRequest) => {
    // That step and arguments belong together is said by `AdminRequest`, but not seen by the compiler for all of them at once.
    const run = task[step].bind(task) as (...args: unknown[]) => unknown;
    try {
      answer({ result: await run(...args) });
    } catch (thrown) {
      answer({ error: TermError.from(thrown).toWire() });
    }
  });
}
