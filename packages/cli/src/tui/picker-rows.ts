import type { SessionInfo } from '@triterm/core/domain';
import { plainLine } from '@triterm/core/terminal';
import { fromHome } from '../commands/session-table.ts';
import { elapsedMs, shortDuration } from '../output/duration.ts';
import { type Column, layoutTable } from '../output/table.ts';

const COLUMNS: readonly Column[] = [
  { header: 'NAME', minWidth: 8 },
  { header: 'STATE', dropRank: 2 },
  { header: 'COMMAND', minWidth: 6, dropRank: 1 },
  { header: 'CWD', minWidth: 6, cut: 'start', dropRank: 3 },
  { header: 'AGE', align: 'end', dropRank: 4 },
];

/** One line a session, of at most `columns` cells; the first is the header. */
export function pickerRows(
  sessions: readonly SessionInfo[],
  columns: number,
  now: { readonly ms: number; readonly home: string },
): readonly string[] {
  const rows = sessions.map(session =>
    [
      session.name,
      session.state,
      session.command,
      fromHome(session.cwd ?? '-', now.home),
      shortDuration(elapsedMs(session.createdAt, now.ms)),
    ].map(plainLine),
  );
  return layoutTable(COLUMNS, rows, columns).lines;
}
