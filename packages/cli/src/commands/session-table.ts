import type { SessionInfo } from '@triterm/core/domain';
import { plainLine } from '../output/display-width.ts';
import { elapsedMs, shortDuration } from '../output/duration.ts';
import type { Printer } from '../output/printer.ts';
import { type Column, layoutTable } from '../output/table.ts';

interface SessionColumn extends Column {
  /** For a person. */
  text(session: SessionInfo, now: Now): string;
  /** For a program, where it differs. */
  exact?(session: SessionInfo): string;
}
interface Now {
  readonly ms: number;
  readonly home: string;
}

const COLUMNS: readonly SessionColumn[] = [
  { header: 'NAME', minWidth: 8, text: session => session.name },
  { header: 'ID', minWidth: 6, dropRank: 5, text: session => session.id },
  { header: 'STATE', text: session => session.state },
  { header: 'COMMAND', minWidth: 8, text: session => session.command },
  {
    header: 'CWD',
    minWidth: 8,
    cut: 'start',
    dropRank: 2,
    text: (session, now) => fromHome(session.cwd ?? '-', now.home),
    exact: session => session.cwd ?? '',
  },
  { header: 'SIZE', dropRank: 3, text: session => `${session.cols}x${session.rows}` },
  { header: 'CLIENTS', align: 'end', dropRank: 4, text: session => String(session.clients) },
  {
    header: 'AGE',
    align: 'end',
    dropRank: 6,
    text: (session, now) => shortDuration(elapsedMs(session.createdAt, now.ms)),
    exact: session => session.createdAt,
  },
  {
    header: 'IDLE',
    align: 'end',
    dropRank: 1,
    text: (session, now) => shortDuration(elapsedMs(session.lastActivityAt, now.ms)),
    exact: session => session.lastActivityAt,
  },
  { header: 'TITLE', minWidth: 5, dropRank: 7, text: session => session.title },
];

const STATE_COLUMN = COLUMNS.findIndex(column => column.header === 'STATE');
const STATE_LOOK = { running: 'green', exited: 'yellow', lost: 'red' } as const;

/** Sessions for a person: aligned, as wide as the terminal, with ages. */
export function sessionLines(
  sessions: readonly SessionInfo[],
  printer: Printer,
  now: Now,
): readonly string[] {
  const rows = sessions.map(session => COLUMNS.map(column => plainLine(column.text(session, now))));
  return layoutTable(COLUMNS, rows, printer.columns, (text, row, column) => {
    if (row < 0) return printer.paint('dim', text);
    const session = sessions[row];
    return column === STATE_COLUMN && session !== undefined
      ? printer.paint(STATE_LOOK[session.state], text)
      : text;
  }).lines;
}

/** Sessions for `cut` and `awk`: no header, tabs, nothing cut off, times in RFC 3339. */
export function sessionRecords(sessions: readonly SessionInfo[]): readonly string[] {
  const now = { ms: 0, home: '' };
  return sessions.map(session =>
    COLUMNS.map(column => plainLine(column.exact?.(session) ?? column.text(session, now))).join('\t'),
  );
}

/** `/home/me/src` → `~/src`. */
export function fromHome(path: string, home: string): string {
  if (home === '' || home === '/') return path;
  if (path === home) return '~';
  return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}
