import { isSessionId } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { Result } from '@triterm/core/protocol/messages';
import { epochText } from '@triterm/core/store';
import { cacheTier, databaseTier, differences, unserved } from './entry-tiers.ts';
import { known, learn } from './learn.ts';
import type { SessionDirectory, StoreSources } from './sources.ts';

type Entry = Result<'cache.show'>;

/** What every tier has of a session, side by side. */
export async function entryReport(
  { cache, database }: Pick<StoreSources, 'cache' | 'database'>,
  { id, name }: { readonly id: string; readonly name: string | null },
): Promise<Entry> {
  const { l1, redis } = cache;
  // The database last: what is read of it is then at least as new as what the tiers had.
  const [l1Entry, redisEntry, epochs] = await Promise.all([
    l1 === undefined ? undefined : learn('L1', () => l1.inspect(id)),
    redis === undefined ? undefined : learn('Redis', () => redis.inspect(id)),
    learn('Epochs', async () => (await database.epochs?.()) ?? null),
  ]);
  const record = await learn('Database', () => database.read(id));
  const now = known(epochs);
  const epoch = now === null ? null : epochText(now);
  const floor = cache.floor(id) ?? null;
  const tiers = [cacheTier('l1', l1Entry), cacheTier('redis', redisEntry), databaseTier(record)].map(tier =>
    unserved(tier, epoch, floor),
  );
  const found = differences(tiers);
  return {
    id,
    name,
    epoch,
    floor,
    tiers,
    agree: found === undefined ? null : found.length === 0,
    differences: found ?? [],
  };
}

/**
 * The session that is meant: one that this server knows, else any by its whole id, deleted ones too. Throws SESSION_NOT_FOUND,
 * AMBIGUOUS_SESSION.
 */
export function resolveSession(
  sessions: SessionDirectory,
  target: string,
): { readonly id: string; readonly name: string | null } {
  const found = sessions.find(target);
  if (found !== undefined) return found;
  if (isSessionId(target)) return { id: target, name: null };
  throw new TermError('SESSION_NOT_FOUND', `This server knows no session ${target}.`, {
    hint: 'Give the whole id of a session of another server, or of a deleted one; `triterm ls` lists those of this one.',
  });
}
