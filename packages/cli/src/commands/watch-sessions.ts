import type { SessionInfo } from '@triterm/core/domain';
import { listSessions } from '../client/list-sessions.ts';
import type { CommandContext } from './definition.ts';
import { sessionLines } from './session-table.ts';
import { watchAnswers } from './watch-answers.ts';

type Select = (sessions: readonly SessionInfo[]) => readonly SessionInfo[];

/**
 * Shows the sessions until the person leaves, or the daemon is stopped (DAEMON_STOPPED): a table that stays up to date,
 * or with `json` the list as one line after every change.
 */
export async function watchSessions(
  context: CommandContext,
  select: Select,
  { all, json }: { readonly all: boolean; readonly json: boolean },
): Promise<number> {
  const home = context.env.HOME ?? '';
  return watchAnswers(
    context,
    {
      all,
      ask: async client => select(await listSessions(client, { all })),
      lines: (sessions, printer, ms) =>
        sessions.length === 0 ? [] : sessionLines(sessions, printer, { ms, home, all }),
      empty: 'No sessions.',
    },
    json,
  );
}
