import { randomBytes } from 'node:crypto';
import type { Epochs } from '../database.ts';
import type { Connection } from './connection.ts';
import { readMeta, writeMeta } from './meta.ts';

export function epochs(connection: Connection): Epochs {
  const db = readMeta(connection, 'db_epoch');
  const cache = Number(readMeta(connection, 'cache_epoch'));
  if (db === undefined || !Number.isSafeInteger(cache)) throw new Error('meta has no epochs');
  return { db, cache };
}

export function bumpCacheEpoch(connection: Connection, seen: number): Epochs {
  const { db, cache } = epochs(connection);
  if (cache !== seen) return { db, cache };
  return raise(connection, { db, cache });
}

export function adoptCache(connection: Connection, identity: string): Epochs {
  const noted = readMeta(connection, 'cache_identity') ?? '';
  const now = epochs(connection);
  if (noted === identity) return now;
  writeMeta(connection, 'cache_identity', identity);
  return noted === '' ? now : raise(connection, now);
}

/** Other data than caches know: nothing of theirs is good any more. */
export function beginDbEpoch(connection: Connection): Epochs {
  const db = randomBytes(16).toString('hex');
  writeMeta(connection, 'db_epoch', db);
  return raise(connection, { db, cache: epochs(connection).cache });
}

function raise(connection: Connection, { db, cache }: Epochs): Epochs {
  writeMeta(connection, 'cache_epoch', String(cache + 1));
  return { db, cache: cache + 1 };
}
