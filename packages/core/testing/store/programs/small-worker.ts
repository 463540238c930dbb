import { parentPort } from 'node:worker_threads';
import Database from 'better-sqlite3';

/**
 * The store's worker with a database that may not grow beyond what it has, as on a full disk, from `collect(3)` until
 * `collect(4)`: `PRAGMA max_page_count` holds for its own connection only.
 */
const connections: Database.Database[] = [];
const { pragma } = Database.prototype;
Database.prototype.pragma = function (this: Database.Database, source, options) {
  if (!connections.includes(this)) connections.push(this);
  return pragma.call(this, source, options);
};
parentPort?.on('message', (request: { call?: { op: string; args: unknown[] } }) => {
  if (request.call?.op !== 'collect') return;
  // Never below what is there.
  const pages = request.call.args[0] === 3 ? 1 : 1_000_000;
  if (request.call.args[0] === 3 || request.call.args[0] === 4)
    for (const connection of connections.filter(({ open }) => open))
      pragma.call(connection, `max_page_count = ${pages}`);
});
await import('../../../src/store/sqlite/worker.ts');
