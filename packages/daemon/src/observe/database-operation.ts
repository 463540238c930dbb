import type { DatabaseOperation } from './measurements.ts';

/** What the calls of the database have in common, for metrics: one label for each would be too many. */
const OPERATIONS: Readonly<Record<string, DatabaseOperation>> = {
  get: 'read',
  read: 'read',
  getByName: 'read',
  list: 'list',
  recent: 'list',
  listOutbox: 'outbox',
  clearOutbox: 'outbox',
  dropOutbox: 'outbox',
  outboxDepth: 'outbox',
  epochs: 'epoch',
  bumpCacheEpoch: 'epoch',
  adoptCache: 'epoch',
  registerServer: 'server',
  renewServer: 'server',
  releaseServer: 'server',
  listServers: 'server',
  putSockets: 'socket',
  removeSockets: 'socket',
  reapSockets: 'socket',
  listSockets: 'socket',
};

/** Whatever is not named above changes sessions. */
export function databaseOperation(call: string): DatabaseOperation {
  return OPERATIONS[call] ?? 'write';
}
