import type { MessagePort } from 'node:worker_threads';
import { TermError } from '../../errors/index.ts';
import { driver } from './driver.ts';
import { GroupCommit } from './group-commit.ts';
import { openDatabase } from './open-database.ts';
import {
  type Opened,
  REOPENED,
  type StoreAnswer,
  type StoreMessage,
  type StoreRequest,
  type StoreWorkerData,
} from './worker-messages.ts';

/** The store's thread: everything but reads of one row by its id. */
export function serveStore(port: MessagePort, where: StoreWorkerData): void {
  const post = (message: StoreMessage) => port.postMessage(message);
  const answer = (answers: StoreAnswer[]) => post(answers);
  const commits = new GroupCommit({
    file: where.file,
    reopen: async () => {
      const { connection } = await openDatabase(driver, where, false);
      post(REOPENED);
      return connection;
    },
    answer,
  });

  const open = async (): Promise<Opened> => {
    const { connection, movedAside } = await openDatabase(driver, where, true);
    commits.use(connection);
    return { movedAside };
  };

  const settle = async (id: number, work: Promise<unknown>): Promise<void> => {
    try {
      answer([{ id, result: await work }]);
    } catch (thrown) {
      answer([{ id, error: TermError.from(thrown).toWire() }]);
    }
  };

  port.on('message', (request: StoreRequest) => {
    if ('call' in request) commits.submit(request);
    else void settle(request.id, 'open' in request ? open() : commits.close());
  });
}
