import { type Commit, type Operation, type Violation, WRITES } from './history.ts';

type Facts = { readonly operations: readonly Operation[]; readonly commits: readonly Commit[] };

/** I1: what was acknowledged was committed, as it was acknowledged. */
export function checkAcknowledged({ operations, commits }: Facts): Violation[] {
  const byRev = new Map(commits.map(commit => [commitKey(commit.id, commit.rev), commit]));
  return acknowledged(operations).flatMap(operation => {
    const { id, seen, kind } = operation;
    const commit = byRev.get(commitKey(id, seen.rev));
    if (commit === undefined)
      return [
        violation('I1', operation, `an acknowledged ${kind} made rev ${seen.rev}, which was never committed`),
      ];
    if (commit.deleted !== seen.deleted || (!seen.deleted && commit.digest !== seen.digest))
      return [
        violation(
          'I1',
          operation,
          `an acknowledged ${kind} told another content of rev ${seen.rev} than was committed`,
        ),
      ];
    return [];
  });
}

/** I2: revisions rise in commit order, and of two writes of which one began after the other had ended, the later has the higher. */
export function checkRevisionOrder({ operations, commits }: Facts): Violation[] {
  const violations: Violation[] = [];
  const last = new Map<string, Commit>();
  for (const commit of commits.toSorted((a, b) => a.seq - b.seq)) {
    const before = last.get(commit.id);
    if (before !== undefined && commit.rev <= before.rev)
      violations.push({
        invariant: 'I2',
        id: commit.id,
        atMs: undefined,
        message: `rev ${commit.rev} was committed after rev ${before.rev}`,
      });
    last.set(commit.id, commit);
  }
  for (const writes of Map.groupBy(acknowledged(operations), ({ id }) => id).values()) {
    const ended = writes.toSorted((a, b) => a.endMs - b.endMs);
    const begun = writes.toSorted((a, b) => a.startMs - b.startMs);
    let highest = 0;
    let next = 0;
    for (const write of begun) {
      for (let done = ended[next]; done !== undefined && done.endMs < write.startMs; done = ended[++next])
        highest = Math.max(highest, done.seen.rev);
      if (write.seen.rev <= highest)
        violations.push(
          violation('I2', write, `a write got rev ${write.seen.rev} after one of rev ${highest} had ended`),
        );
    }
  }
  return violations;
}

/** I8: a write happened only where its guard held, and one that was refused did not happen. */
export function checkGuards({ operations, commits }: Facts): Violation[] {
  const violations: Violation[] = [];
  const before = predecessors(commits);
  for (const operation of acknowledged(operations)) {
    const { guard = {}, id, seen } = operation;
    if (guard.rev === undefined && guard.ownerEpoch === undefined) continue;
    const was = before.get(commitKey(id, seen.rev));
    const held =
      was !== undefined &&
      !was.deleted &&
      (guard.rev ?? was.rev) === was.rev &&
      (guard.ownerEpoch ?? was.ownerEpoch) === was.ownerEpoch;
    if (!held)
      violations.push(
        violation(
          'I8',
          operation,
          `rev ${seen.rev} was written under the guard ${JSON.stringify(guard)} onto ${was === undefined ? 'nothing' : `rev ${was.rev} of owner epoch ${was.ownerEpoch}`}`,
        ),
      );
  }
  const byTag = new Map(commits.map(commit => [commit.tag, commit]));
  for (const operation of operations) {
    const { kind, outcome, tag } = operation;
    if (!WRITES.has(kind) || tag === undefined || outcome === 'ok' || outcome === 'OUTCOME_UNKNOWN') continue;
    const made = byTag.get(tag);
    if (made !== undefined)
      violations.push(
        violation(
          'I8',
          operation,
          `a ${kind} was refused with ${outcome}, and made rev ${made.rev} all the same`,
        ),
      );
  }
  return violations;
}

/** I8, I9: every increment adds one to what was there before it, and nothing else touches the count. */
export function checkCounts({ commits }: Pick<Facts, 'commits'>): Violation[] {
  const before = predecessors(commits);
  return commits.flatMap(commit => {
    if (commit.deleted) return [];
    const was = before.get(commitKey(commit.id, commit.rev));
    // The first that is known of an id may have had others before it, unless it was made by it.
    if (was === undefined && !commit.tag.startsWith('create')) return [];
    const wanted = (was === undefined || was.deleted ? 0 : was.count) + (isIncrement(commit.tag) ? 1 : 0);
    if (commit.count === wanted) return [];
    return [
      {
        invariant: commit.tag.startsWith('locked') ? 'I9' : 'I8',
        id: commit.id,
        atMs: undefined,
        message: `rev ${commit.rev} (${commit.tag}) counts ${commit.count}, not ${wanted}: an increment was lost`,
      },
    ];
  });
}

/** I1: the rows that are in the database now are the last that were committed. */
export function checkFinalRows(
  commits: readonly Commit[],
  rows: ReadonlyMap<string, { rev: number; deleted: boolean }>,
): Violation[] {
  const last = new Map<string, Commit>();
  for (const commit of commits.toSorted((a, b) => a.seq - b.seq)) last.set(commit.id, commit);
  return [...last.values()].flatMap(({ id, rev, deleted }) => {
    const row = rows.get(id);
    if (row?.rev === rev && row.deleted === deleted) return [];
    return [
      {
        invariant: 'I1',
        id,
        atMs: undefined,
        message: `rev ${rev} was committed last, and the row has rev ${row?.rev}`,
      },
    ];
  });
}

type Acknowledged = Operation & { readonly seen: NonNullable<Operation['seen']> };

export function acknowledged(operations: readonly Operation[]): Acknowledged[] {
  return operations.filter(
    (operation): operation is Acknowledged =>
      WRITES.has(operation.kind) && operation.outcome === 'ok' && operation.seen !== undefined,
  );
}

function isIncrement(tag: string): boolean {
  return tag.startsWith('increment') || tag.startsWith('locked');
}

/** What each commit has replaced. */
function predecessors(commits: readonly Commit[]): Map<string, Commit> {
  const last = new Map<string, Commit>();
  const found = new Map<string, Commit>();
  for (const commit of commits.toSorted((a, b) => a.seq - b.seq)) {
    const before = last.get(commit.id);
    if (before !== undefined) found.set(commitKey(commit.id, commit.rev), before);
    last.set(commit.id, commit);
  }
  return found;
}

export function commitKey(id: string, rev: number): string {
  return `${id}@${rev}`;
}

function violation(invariant: string, { id, startMs, server, order }: Operation, message: string): Violation {
  return { invariant, id, atMs: startMs, message: `server ${server}, order ${order}: ${message}` };
}
