import type { Observation, Violation } from './history.ts';

/** An entry in Redis after everything has settled. */
export interface SettledEntry {
  readonly id: string;
  readonly epoch: string;
  readonly seen: Observation;
}

/** I12: nothing is left to do, and every entry that may be believed is as the database. */
export function checkConverged(
  rows: ReadonlyMap<string, { readonly rev: number }>,
  entries: readonly SettledEntry[],
  epoch: string,
  outboxEntries: number,
): Violation[] {
  const left: Violation[] =
    outboxEntries === 0
      ? []
      : [
          {
            invariant: 'I12',
            id: undefined,
            atMs: undefined,
            message: `${outboxEntries} entries are left in the outbox`,
          },
        ];
  const diverged = entries
    .filter(entry => entry.epoch === epoch && rows.get(entry.id)?.rev !== entry.seen.rev)
    .map(({ id, seen }) => ({
      invariant: 'I12',
      id,
      atMs: undefined,
      message: `Redis has rev ${seen.rev}, the database ${rows.get(id)?.rev ?? 'nothing'}`,
    }));
  return [...left, ...diverged];
}

export interface RegistryView {
  readonly server: number;
  readonly terminal: string;
  readonly sockets: readonly string[];
  readonly primary: string | undefined;
}

/** I11: every server sees the live sockets and no others, and a primary that is one of them. */
export function checkRegistry(
  views: readonly RegistryView[],
  live: ReadonlyMap<string, ReadonlySet<string>>,
): Violation[] {
  return views.flatMap(({ server, terminal, sockets, primary }) => {
    const wanted = live.get(terminal) ?? new Set();
    const missing = [...wanted].filter(socket => !sockets.includes(socket));
    const surplus = sockets.filter(socket => !wanted.has(socket));
    const problems = [
      ...(missing.length > 0 ? [`misses ${missing.join(', ')}`] : []),
      ...(surplus.length > 0 ? [`still has ${surplus.join(', ')}`] : []),
      ...(primary !== undefined && !sockets.includes(primary)
        ? [`has the primary ${primary}, which is no member`]
        : []),
    ];
    return problems.map(problem => ({
      invariant: 'I11',
      id: terminal,
      atMs: undefined,
      message: `server ${server} ${problem}`,
    }));
  });
}
