import type { ProcessStat } from '@triterm/core/domain';

/** The triterm session in whose environment a program was started; `text` is /proc/<pid>/environ. */
export function sessionIn(text: string): string | undefined {
  return /(?:^|\0)TRITERM_SESSION=([^\0]*)/.exec(text)?.[1];
}

/** What is known of a process that is beside the host, where it was born. */
export interface Newcomer {
  readonly pid: number;
  /** Undefined when it has ended meanwhile, as below. */
  readonly stat: Pick<ProcessStat, 'parent' | 'session'> | undefined;
  /** Of its session's leader. */
  readonly leader: Pick<ProcessStat, 'parent'> | undefined;
}

/**
 * Whose it is by its terminal's session: a group's; `starting` for what the host has just forked, and what that has started, as the
 * host is about to say whose that is; `strayed` for a program that has made a session of its own.
 */
export function belonging(
  { pid, stat, leader }: Newcomer,
  groups: ReadonlyMap<number, string>,
  hostPid: number,
): { readonly group: string } | 'starting' | 'strayed' {
  const group = groups.get(pid) ?? groups.get(stat?.session ?? 0);
  if (group !== undefined) return { group };
  return stat?.parent === hostPid || leader?.parent === hostPid ? 'starting' : 'strayed';
}
