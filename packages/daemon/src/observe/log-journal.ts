import { logFields, parseLogRecord, plainLine } from '@triterm/core/terminal';

/** Levels of syslog(3), of which sd-daemon(3) takes the number in front of a line. */
const PRIORITIES: ReadonlyMap<unknown, number> = new Map([
  ['trace', 7],
  ['debug', 7],
  ['info', 6],
  ['warn', 4],
  ['error', 3],
  ['fatal', 2],
]);
/** Of a line that is no record: somebody should look at it. */
const UNKNOWN_PRIORITY = 4;
/** In UTF-16 units, of up to 3 bytes each: journald begins a new line, without a priority, behind 48 KiB (LineMax= in journald.conf(5)). */
const MAX_LENGTH = 12 * 1024;

/**
 * A line of the log as the systemd journal takes it from stderr (sd-daemon(3), SyslogLevelPrefix=): `<6>message {"field":1}`. The time
 * is the journal's own.
 */
export function journalLine(line: string): string {
  const record = parseLogRecord(line);
  if (record === undefined) return bounded(UNKNOWN_PRIORITY, line);
  const { level, msg } = record;
  const fields = logFields(record);
  const text = typeof msg === 'string' ? msg : '';
  const shown = Object.keys(fields).length === 0 ? text : `${text} ${JSON.stringify(fields)}`;
  return bounded(PRIORITIES.get(level) ?? UNKNOWN_PRIORITY, shown);
}

function bounded(priority: number, text: string): string {
  const plain = plainLine(text.trimEnd());
  return `<${priority}>${plain.length > MAX_LENGTH ? `${plain.slice(0, MAX_LENGTH)}…` : plain}\n`;
}
