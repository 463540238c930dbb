import type { SessionInfo } from '@triterm/core/domain';
import { plainLine } from '@triterm/core/terminal';
import { elapsedMs, shortDuration } from '../output/duration.ts';
import type { Look, Printer } from '../output/printer.ts';
import { type Column, layoutTable } from '../output/table.ts';

interface SessionColumn extends Column {
  /** For a person. */
  text(session: SessionInfo, now: Now): string;
  /** For a program, where it differs. */
  exact?(session: SessionInfo): string;
  look?(session: SessionInfo): Look;
}
interface Now {
  readonly ms: number;
  readonly home: string;
  /** Sessions of all servers, and so of several users. */
  readonly all?: boolean;
}

const COLUMNS: readonly SessionColumn[] = [
  { header: 'NAME', minWidth: 8, text: session => session.name },
  { header: 'ID', minWidth: 6, dropRank: 5, text: session => session.id },
  {
    header: 'STATE',
    text: (session, now) =>
      isUnreachable(session)
        ? `unreachable ${shortDuration(elapsedMs(session.unreachableSince ?? '', now.ms))}`
        : session.state,
    exact: session => session.state,
    look: session => STATE_LOOK[session.state],
  },
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

/** With the sessions of all servers. */
const FLEET_COLUMNS: readonly SessionColumn[] = [
  ...COLUMNS,
  { header: 'SERVER', minWidth: 6, text: session => session.server },
  { header: 'USER', minWidth: 4, dropRank: 1, text: session => session.user },
];
/** What a person reads in the state. */
const UNREACHABLE_SINCE: SessionColumn = {
  header: 'UNREACHABLE',
  text: session => session.unreachableSince ?? '',
};

const STATE_LOOK = { running: 'green', exited: 'yellow', lost: 'red' } as const;

/** Sessions for a person: aligned, as wide as the terminal, with ages. */
export function sessionLines(
  sessions: readonly SessionInfo[],
  printer: Printer,
  now: Now,
): readonly string[] {
  const columns = now.all === true ? FLEET_COLUMNS : COLUMNS;
  const rows = sessions.map(session => columns.map(column => plainLine(column.text(session, now))));
  return layoutTable(columns, rows, printer.columns, (text, row, column) => {
    const session = sessions[row];
    if (session === undefined || isUnreachable(session)) return printer.paint('dim', text);
    const look = columns[column]?.look?.(session);
    return look === undefined ? text : printer.paint(look, text);
  }).lines;
}

/** Sessions for `cut` and `awk`: no header, tabs, nothing cut off, times in RFC 3339. */
export function sessionRecords(sessions: readonly SessionInfo[], all = false): readonly string[] {
  const now = { ms: 0, home: '' };
  const columns = all ? [...FLEET_COLUMNS, UNREACHABLE_SINCE] : COLUMNS;
  return sessions.map(session =>
    columns.map(column => plainLine(column.exact?.(session) ?? column.text(session, now))).join('\t'),
  );
}

/** One of an earlier release does not say. */
function isUnreachable(session: SessionInfo): boolean {
  return session.reachable === false;
}

/** `/home/me/src` → `~/src`. */
export function fromHome(path: string, home: string): string {
  if (home === '' || home === '/') return path;
  if (path === home) return '~';
  return path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}
