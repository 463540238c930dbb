import { isSessionId } from '@triterm/core/domain';
import type { Result } from '@triterm/core/protocol/messages';
import { isTombstone, type LockInfo } from '@triterm/core/store';
import { resolveSession } from './entry-report.ts';
import { known, learn, troublesOf } from './learn.ts';
import type { SessionDirectory, StoreSources } from './sources.ts';

type Lock = Result<'locks.list'>['locks'][number];
type Sources = Pick<StoreSources, 'locks' | 'sessions' | 'database'>;

/** A session's lock is `session:<id>`. */
const SESSION_LOCK = 'session:';
/** Fences are asked for one by one: for so many locks at most. */
const MAX_FENCES = 200;

/** Locks that are held, those held longest first. */
export async function listLocks(sources: Sources, limit: number): Promise<Result<'locks.list'>> {
  const { locks } = sources;
  // One more than wanted tells whether there are more.
  const learned = await learn('Locks', () => locks?.list(limit + 1) ?? []);
  const all = [...(known(learned) ?? [])].sort((a, b) => b.ageMs - a.ageMs || (a.name < b.name ? -1 : 1));
  const listed = all.slice(0, limit);
  const fences = await learn('Fences', () =>
    Promise.all(listed.slice(0, MAX_FENCES).map(({ name }) => fenceOf(sources, name))),
  );
  return {
    locks: listed.map((lock, at) => describe(lock, sources.sessions, known(fences)?.[at] ?? null)),
    truncated: all.length > limit,
    troubles: troublesOf([learned, fences]),
  };
}

/** Rejects with SESSION_NOT_FOUND, AMBIGUOUS_SESSION, and what the lock manager rejects with. */
export async function showLock(sources: Sources, target: string): Promise<Result<'locks.show'>> {
  const name = lockName(sources.sessions, target);
  const lock = await sources.locks?.show(name);
  if (lock === undefined) return { name, lock: null };
  const fence = known(await learn('Fence', () => fenceOf(sources, name)));
  return { name, lock: describe(lock, sources.sessions, fence) };
}

function lockName(sessions: SessionDirectory, target: string): string {
  return target.includes(':') ? target : `${SESSION_LOCK}${resolveSession(sessions, target).id}`;
}

function describe(lock: LockInfo, sessions: SessionDirectory, fence: number | null): Lock {
  const session = sessionOf(lock.name);
  const { name, holder, tokenPrefix, ageMs, ttlMs, waiters } = lock;
  return {
    name,
    session,
    sessionName: session === null ? null : (sessions.nameOf(session) ?? null),
    holder,
    tokenPrefix,
    ageMs: Math.max(0, ageMs),
    ttlMs: Math.max(0, ttlMs),
    waiters,
    fence,
  };
}

function sessionOf(name: string): string | null {
  const id = name.startsWith(SESSION_LOCK) ? name.slice(SESSION_LOCK.length) : '';
  return isSessionId(id) ? id : null;
}

async function fenceOf({ database }: Sources, name: string): Promise<number | null> {
  const session = sessionOf(name);
  const record = session === null ? undefined : await database.read(session);
  return record === undefined || isTombstone(record) ? null : record.ownerEpoch;
}
