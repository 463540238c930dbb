import type { Look, Paint } from './looks.ts';
import { plainLine } from './plain-line.ts';

/** A line of the daemon's log: `level`, `time` (RFC 3339), `msg`, and fields of its own. */
export type LogRecord = Readonly<Record<string, unknown>>;

const LEVELS: ReadonlyMap<string, Look> = new Map([
  ['trace', 'dim'],
  ['debug', 'dim'],
  ['info', 'green'],
  ['warn', 'yellow'],
  ['error', 'red'],
  ['fatal', 'red'],
]);
/** They stand in front, without their names. */
const LEADING: ReadonlySet<string> = new Set(['level', 'time', 'msg']);

/** A record of the log as `time level message key=value…`; any other line as it is, without control characters. */
export function formatLogLine(line: string, paint: Paint): string {
  const record = parseLogRecord(line);
  if (record === undefined) return plainLine(line);
  const { level: name, time, msg } = record;
  const level = typeof name === 'string' ? plainLine(name) : '-';
  const when = new Date(typeof time === 'number' || typeof time === 'string' ? time : Number.NaN);
  const rest = Object.entries(logFields(record)).map(([key, value]) =>
    paint('dim', plainLine(`${key}=${compact(value)}`)),
  );
  return [
    paint('dim', Number.isNaN(when.getTime()) ? '-' : when.toISOString()),
    paint(LEVELS.get(level) ?? 'dim', level.padEnd(5)),
    plainLine(typeof msg === 'string' ? msg : ''),
    ...rest,
  ].join(' ');
}

/** A line of the log as a record; undefined for any other text, such as Node's own report of a crash. */
export function parseLogRecord(line: string): LogRecord | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What a record has beside level, time and message. */
export function logFields(record: LogRecord): LogRecord {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !LEADING.has(key)));
}

function isRecord(value: unknown): value is LogRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function compact(value: unknown): string {
  return typeof value === 'string' && /^\S+$/.test(value) ? value : JSON.stringify(value);
}
