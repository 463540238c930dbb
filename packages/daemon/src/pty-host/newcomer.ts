/** A process as /proc/<pid>/stat shows it; proc_pid_stat(5). */
export interface ProcessStat {
  readonly parent: number;
  /** The pid of its session's leader. */
  readonly session: number;
}

/** The fourth and the sixth field; the second, the name, may itself hold blanks and parentheses. Undefined for another text. */
export function parseStat(text: string): ProcessStat | undefined {
  const [, parent, , session] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  if (parent === undefined || session === undefined) return undefined;
  return { parent: Number(parent), session: Number(session) };
}

/** What is known of a process that is beside the host, where it was born. */
export interface Newcomer {
  readonly pid: number;
  /** Undefined when it has ended meanwhile, as below. */
  readonly stat: ProcessStat | undefined;
  /** Of its session's leader. */
  readonly leader: ProcessStat | undefined;
}

/**
 * The group that it belongs in: that of its session, or else, for one that has left its session, of the one that was started last.
 * Undefined for what the host has just forked, and what that has started: the host is about to say whose that is.
 */
export function groupOf(
  { pid, stat, leader }: Newcomer,
  groups: ReadonlyMap<number, string>,
  hostPid: number,
  latest: string,
): string | undefined {
  const own = groups.get(pid) ?? groups.get(stat?.session ?? 0);
  if (own !== undefined) return own;
  return stat?.parent === hostPid || leader?.parent === hostPid ? undefined : latest;
}
