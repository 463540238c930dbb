import { acknowledged, commitKey } from './check-writes.ts';
import type { Disturbances } from './disturbance.ts';
import type { Commit, Observation, Operation, Violation } from './history.ts';

type Facts = { readonly operations: readonly Operation[]; readonly commits: readonly Commit[] };

const READS: ReadonlySet<Operation['kind']> = new Set(['read', 'get', 'list']);

/** I4: whatever was read had been committed, with this content under this revision. */
export function checkContent({ operations, commits }: Facts): Violation[] {
  const byRev = new Map(commits.map(commit => [commitKey(commit.id, commit.rev), commit]));
  return operations.flatMap(operation => {
    const { kind, outcome, seen, id, startMs, server, source } = operation;
    if (!READS.has(kind) || outcome !== 'ok' || seen === undefined) return [];
    const commit = byRev.get(commitKey(id, seen.rev));
    const where = `server ${server} read rev ${seen.rev} (${source})`;
    if (commit === undefined)
      return [{ invariant: 'I4', id, atMs: startMs, message: `${where}, which was never committed` }];
    if (commit.deleted || commit.digest !== seen.digest)
      return [
        { invariant: 'I4', id, atMs: startMs, message: `${where} with another content than was committed` },
      ];
    return [];
  });
}

/** I5: a server never reads less than it has read, listed or written itself. */
export function checkMonotonic(facts: Facts): Violation[] {
  const tombs = tombstones(facts.commits);
  const violations: Violation[] = [];
  for (const operations of Map.groupBy(
    believed(facts.operations),
    ({ server, id }) => `${server} ${id}`,
  ).values()) {
    const ended = operations.toSorted((a, b) => a.endMs - b.endMs);
    const atStart = new Map<Operation, Bound>();
    let known: Bound = { rev: 0, deleted: false };
    let next = 0;
    for (const operation of operations.toSorted((a, b) => a.startMs - b.startMs)) {
      for (let done = ended[next]; done !== undefined && done.endMs < operation.startMs; done = ended[++next])
        known = raise(known, found(done, atStart.get(done) ?? known, tombs));
      atStart.set(operation, known);
      if (READS.has(operation.kind) && !reaches(operation, known, tombs))
        violations.push(
          tooOld('I5', operation, known, `it had made or read that itself in order ${known.order}`),
        );
    }
  }
  return violations;
}

/** I6, I7: a write that was acknowledged long enough before is known to every server; a deleted session never comes back. */
export function checkFresh(facts: Facts, disturbances: Disturbances): Violation[] {
  const tombs = tombstones(facts.commits);
  const violations: Violation[] = [];
  const reads = Map.groupBy(
    believed(facts.operations).filter(({ kind }) => READS.has(kind)),
    ({ id }) => id,
  );
  for (const [id, writes] of Map.groupBy(acknowledged(facts.operations), ({ id }) => id)) {
    const ended = writes.toSorted((a, b) => a.endMs - b.endMs);
    const highest: Bound[] = [];
    for (const { seen } of ended) {
      const before = highest.at(-1);
      highest.push(before === undefined || seen.rev > before.rev ? seen : before);
    }
    for (const read of reads.get(id) ?? []) {
      const byMs = read.startMs - disturbances.freshMs(read.server, read.startMs);
      const known = highest[lastBefore(ended, byMs)];
      if (known !== undefined && !reaches(read, known, tombs))
        violations.push(
          tooOld(
            known.deleted && read.seen !== undefined ? 'I7' : 'I6',
            read,
            known,
            'it was acknowledged long before',
          ),
        );
    }
  }
  return violations;
}

type Bound = Pick<Observation, 'rev' | 'deleted'> & { readonly order?: number };

/** Answers that have to be right: not those that are marked as possibly old. */
function believed(operations: readonly Operation[]): Operation[] {
  return operations.filter(
    ({ outcome, stale, kind, seen }) =>
      outcome === 'ok' && stale !== true && (READS.has(kind) || seen !== undefined),
  );
}

/** Revisions of deletes, rising, by id. */
function tombstones(commits: readonly Commit[]): ReadonlyMap<string, readonly number[]> {
  const deletes = Map.groupBy(
    commits.filter(({ deleted }) => deleted),
    ({ id }) => id,
  );
  return new Map(
    [...deletes].map(([id, list]) => [id, list.map(({ rev }) => rev).toSorted((a, b) => a - b)]),
  );
}

function reaches(read: Operation, known: Bound, tombs: ReadonlyMap<string, readonly number[]>): boolean {
  if (read.seen !== undefined) return read.seen.rev >= known.rev;
  return known.rev === 0 || (tombs.get(read.id) ?? []).some(rev => rev >= known.rev);
}

/** What an operation proves. "Nothing there" proves no more than the oldest delete that it may have seen. */
function found(
  { id, seen, order }: Operation,
  before: Bound,
  tombs: ReadonlyMap<string, readonly number[]>,
): Bound {
  if (seen !== undefined) return { ...seen, order };
  const rev = before.rev === 0 ? undefined : (tombs.get(id) ?? []).find(tomb => tomb >= before.rev);
  return rev === undefined ? before : { rev, deleted: true, order };
}

function raise(known: Bound, other: Bound): Bound {
  return other.rev > known.rev ? other : known;
}

/** The last index whose operation had ended by then; -1 when none had. */
function lastBefore(ended: readonly Operation[], byMs: number): number {
  let low = 0;
  let high = ended.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ended[middle]?.endMs ?? Number.POSITIVE_INFINITY) <= byMs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function tooOld(invariant: string, read: Operation, known: Bound, why: string): Violation {
  const answer = read.seen === undefined ? 'nothing' : `rev ${read.seen.rev}`;
  return {
    invariant,
    id: read.id,
    atMs: read.startMs,
    message: `server ${read.server}, order ${read.order}: ${read.kind} found ${answer} (${read.source ?? 'database'}) and not rev ${known.rev}${known.deleted ? ' (deleted)' : ''}: ${why}`,
  };
}
