import type { SessionInfo } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import { didYouMean } from './suggest.ts';

export type SessionFilter = (session: SessionInfo) => boolean;
type Compare = (a: SessionInfo, b: SessionInfo) => number;

const FIELDS = {
  name: session => session.name,
  id: session => session.id,
  state: session => session.state,
  command: session => session.command,
  pid: session => String(session.pid ?? ''),
  cwd: session => session.cwd ?? '',
  title: session => session.title,
  size: session => `${session.cols}x${session.rows}`,
  clients: session => String(session.clients),
  exitCode: session => String(session.exitCode ?? ''),
  signal: session => session.signal ?? '',
  server: session => session.server,
  user: session => session.user,
  reachable: session => String(session.reachable),
} as const satisfies Record<string, (session: SessionInfo) => string>;
type Field = keyof typeof FIELDS;
export const FIELD_NAMES = Object.keys(FIELDS) as Field[];
const LABEL_PREFIX = 'label.';

/**
 * Reads `FIELD=PATTERN` (the whole value; `*` stands for any text), `label.KEY=PATTERN`, or a text that occurs in
 * name, id, command, cwd, title or a label. Throws USAGE for an unknown field.
 */
export function parseFilter(text: string): SessionFilter {
  const equals = text.indexOf('=');
  if (equals < 1) return containsText(text);
  const key = text.slice(0, equals);
  const matches = wildcard(text.slice(equals + 1));
  if (key.startsWith(LABEL_PREFIX)) {
    const label = key.slice(LABEL_PREFIX.length);
    return session => Object.hasOwn(session.labels, label) && matches(session.labels[label] ?? '');
  }
  if (!isField(key)) throw unknownField('filter', key, [...FIELD_NAMES, 'label.KEY']);
  return session => matches(FIELDS[key](session));
}

/** Sessions that pass all filters. */
export function filterSessions(
  sessions: readonly SessionInfo[],
  filters: readonly SessionFilter[],
): SessionInfo[] {
  return sessions.filter(session => filters.every(passes => passes(session)));
}

const ORDERS = {
  name: byText(session => session.name),
  id: byText(session => session.id),
  state: byText(session => session.state),
  command: byText(session => session.command),
  cwd: byText(session => session.cwd ?? ''),
  title: byText(session => session.title),
  size: (a, b) => a.cols * a.rows - b.cols * b.rows,
  clients: (a, b) => a.clients - b.clients,
  age: byText(session => session.createdAt, -1),
  idle: byText(session => session.lastActivityAt, -1),
  server: byText(session => session.server),
  user: byText(session => session.user),
} as const satisfies Record<string, Compare>;
export const SORT_FIELDS = Object.keys(ORDERS) as (keyof typeof ORDERS)[];

/** Reads a field, or `-FIELD` for the reverse; `age` and `idle` begin with the youngest and busiest. Throws USAGE. */
export function parseOrder(text: string): Compare {
  const isReverse = text.startsWith('-');
  const key = isReverse ? text.slice(1) : text;
  const field = SORT_FIELDS.find(known => known === key);
  if (field === undefined) throw unknownField('sort', key, SORT_FIELDS);
  const order = ORDERS[field];
  return isReverse ? (a, b) => order(b, a) : order;
}

function byText(value: (session: SessionInfo) => string, sign = 1): Compare {
  return (a, b) => {
    const [left, right] = [value(a), value(b)];
    return left === right ? 0 : left < right ? -sign : sign;
  };
}

function isField(key: string): key is Field {
  return Object.hasOwn(FIELDS, key);
}

function containsText(text: string): SessionFilter {
  const wanted = text.toLowerCase();
  return ({ name, id, command, cwd, title, labels }) =>
    [name, id, command, cwd ?? '', title, ...Object.values(labels)].some(value =>
      value.toLowerCase().includes(wanted),
    );
}

function wildcard(pattern: string): (value: string) => boolean {
  const source = pattern
    .split('*')
    .map(part => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
    .join('[^]*');
  const expression = new RegExp(`^${source}$`, 'u');
  return value => expression.test(value);
}

function unknownField(flag: string, key: string, known: readonly string[]): TermError {
  return new TermError('USAGE', `--${flag} knows no field ${JSON.stringify(key)}.${didYouMean(key, known)}`, {
    hint: `Fields: ${known.join(', ')}.`,
  });
}
