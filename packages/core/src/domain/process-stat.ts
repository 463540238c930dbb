/** A process as /proc/<pid>/stat shows it; proc_pid_stat(5). */
export interface ProcessStat {
  /** A letter: `Z` for a zombie, `T` for one that was stopped. */
  readonly state: string;
  readonly parent: number;
  /** The pid of its session's leader. */
  readonly session: number;
  /** Clock ticks since boot. */
  readonly startTime: number;
}

/** Undefined for another text, such as that of a process that has ended. The name, in parentheses, may itself hold blanks and parentheses. */
export function parseProcessStat(text: string): ProcessStat | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state = '', parent, , session] = fields;
  const startTime = fields[19];
  if (startTime === undefined) return undefined;
  return { state, parent: Number(parent), session: Number(session), startTime: Number(startTime) };
}
