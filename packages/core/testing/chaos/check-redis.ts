import { commitKey } from './check-writes.ts';
import type { Commit, RedisEvent, Violation } from './history.ts';

/** I3: within one epoch the version of a key in Redis never goes down, unless the key was gone in between. */
export function checkRedisOrder(events: readonly RedisEvent[]): Violation[] {
  const last = new Map<string, { readonly epoch: string; readonly rev: number }>();
  const violations: Violation[] = [];
  for (const event of events) {
    if (event.kind === 'gone') {
      if (event.id === undefined) last.clear();
      else last.delete(event.id);
      continue;
    }
    const { id, epoch, seen, atMs } = event;
    const before = last.get(id);
    if (before !== undefined && before.epoch === epoch && seen.rev < before.rev)
      violations.push({
        invariant: 'I3',
        id,
        atMs,
        message: `rev ${seen.rev} was stored in Redis over rev ${before.rev} of the same epoch`,
      });
    last.set(id, { epoch, rev: seen.rev });
  }
  return violations;
}

/** I4: what was stored in Redis had been committed, with this content. */
export function checkRedisContent(events: readonly RedisEvent[], commits: readonly Commit[]): Violation[] {
  const byRev = new Map(commits.map(commit => [commitKey(commit.id, commit.rev), commit]));
  return events.flatMap(event => {
    if (event.kind !== 'set') return [];
    const { id, seen, atMs } = event;
    const commit = byRev.get(commitKey(id, seen.rev));
    if (commit === undefined)
      return [
        { invariant: 'I4', id, atMs, message: `rev ${seen.rev} stood in Redis and was never committed` },
      ];
    if (commit.deleted !== seen.deleted || (!seen.deleted && commit.digest !== seen.digest))
      return [
        {
          invariant: 'I4',
          id,
          atMs,
          message: `rev ${seen.rev} stood in Redis with another content than was committed`,
        },
      ];
    return [];
  });
}
