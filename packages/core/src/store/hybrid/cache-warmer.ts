import type { Epochs, SessionTable } from '../database.ts';
import type { SessionCache } from '../session-cache.ts';
import type { Floors } from './floors.ts';
import type { SessionReader } from './session-reader.ts';

const CONCURRENCY = 4;

export interface CacheWarmerOptions {
  readonly database: Pick<SessionTable, 'recent'>;
  readonly cache: Pick<SessionCache, 'get'>;
  readonly reader: Pick<SessionReader, 'fillAbsent'>;
  readonly floors: Pick<Floors, 'get'>;
  readonly epochs: () => Epochs;
  readonly isUp: () => boolean;
}

/**
 * Puts the sessions that were active last into Redis where they are missing. Best effort: what is not warmed is read from the
 * database once. Ends when Redis is not up any more; does not reject.
 */
export async function warmCache(o: CacheWarmerOptions, limit: number): Promise<void> {
  if (limit === 0) return;
  try {
    const wanted = (await o.database.recent(limit)).map(({ id }) => id).values();
    const worker = async () => {
      for (const id of wanted) {
        if (!o.isUp()) return;
        const epochs = o.epochs();
        const answer = await o.cache.get(id, epochs, o.floors.get(id));
        if (answer.kind === 'miss' && answer.fillToken !== undefined)
          await o.reader.fillAbsent(id, answer.fillToken, epochs);
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  } catch {
    // Redis or the database went away, and the health machine knows.
  }
}
