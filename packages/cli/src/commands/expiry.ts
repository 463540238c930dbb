import { TermError } from '@triterm/core/errors';

const UNITS_MS = { m: 60_000, h: 3_600_000, d: 24 * 3_600_000, w: 7 * 24 * 3_600_000 } as const;
const LENGTH = /^(\d{1,5})([mhdw])$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const LAST_MOMENT = 'T23:59:59.999Z';
/** What the protocol allows. */
const MAX_EXPIRY_MS = 100 * 366 * UNITS_MS.d;

/**
 * Milliseconds from `nowMs` until `--expires`: a length of time such as `30d` or `12h`, the end of a day in UTC such as
 * `2026-12-31`, or an RFC 3339 time. Throws USAGE.
 */
export function parseExpiryMs(text: string, nowMs: number): number {
  const [, count, unit] = LENGTH.exec(text) ?? [];
  const expiresInMs =
    count === undefined ? timeOf(text) - nowMs : Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS];
  if (Number.isNaN(expiresInMs)) {
    throw new TermError('USAGE', `--expires is no time: ${JSON.stringify(text)}.`, {
      hint: 'Write a length of time such as 30d or 12h, or a day such as 2026-12-31.',
    });
  }
  if (expiresInMs < 1 || expiresInMs > MAX_EXPIRY_MS)
    throw new TermError('USAGE', `--expires ${text} is not within the next hundred years.`);
  return expiresInMs;
}

/** NaN for what is none: JavaScript would take 2026-02-31 for March. */
function timeOf(text: string): number {
  const [day = ''] = text.split('T');
  if (!DAY.test(day)) return Number.NaN;
  const noon = new Date(`${day}T12:00:00Z`);
  if (Number.isNaN(noon.getTime()) || !noon.toISOString().startsWith(day)) return Number.NaN;
  return Date.parse(text === day ? day + LAST_MOMENT : text);
}
