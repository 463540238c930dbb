import { countText } from '../output/quantity.ts';

/** Rows by table as a person reads them: `3 sessions and 5 other rows`. */
export function rowsText(rows: Readonly<Record<string, number>>): string {
  const sessions = rows.session ?? 0;
  const others = Object.values(rows).reduce((sum, count) => sum + count, 0) - sessions;
  return `${countText(sessions, 'session', 'sessions')} and ${countText(others, 'other row', 'other rows')}`;
}
