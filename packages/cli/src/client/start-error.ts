import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { TermError } from '@triterm/core/errors';

/** The end of a log that is looked at. */
const MAX_TAIL_BYTES = 16 * 1024;

/**
 * Why a tritermd that has written to its log since that was `fromBytes` long did not start: the error that it reported,
 * else what Node threw, else the text of its last line, else undefined.
 */
export function lastStartError(logFile: string, fromBytes: number): TermError | string | undefined {
  const lines = readTail(logFile, fromBytes)
    .split('\n')
    .filter(line => line.trim() !== '');
  const last = lines.at(-1);
  if (last === undefined) return undefined;
  const said = parseLogLine(last);
  // The last line of Node's own report is its version.
  return said instanceof TermError ? said : (lines.findLast(line => THROWN.test(line)) ?? said);
}

/** How Node reports an error that nobody caught: `TypeError: …`, `Error [ERR_CODE]: …`. */
const THROWN = /^\w*Error\b[^:]*: /;

/** A log line is a record with `msg`, and perhaps with `error: {code, message, hint}`, or plain text. */
export function parseLogLine(line: string): TermError | string {
  const record = parseObject(line);
  if (record === undefined) return line.trim();
  const { error, msg } = record;
  if (isWireError(error)) return TermError.fromWire(error);
  if (typeof msg !== 'string') return line.trim();
  return typeof error === 'string' ? `${msg}: ${error}` : msg;
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function isWireError(value: unknown): value is { code: string; message: string; hint?: string } {
  if (typeof value !== 'object' || value === null) return false;
  const { code, message, hint } = value as Record<string, unknown>;
  return (
    typeof code === 'string' &&
    typeof message === 'string' &&
    (hint === undefined || typeof hint === 'string')
  );
}

function readTail(logFile: string, fromBytes: number): string {
  let fd: number;
  try {
    fd = openSync(logFile, 'r');
  } catch {
    return '';
  }
  try {
    const size = fstatSync(fd).size;
    const start = Math.max(size < fromBytes ? 0 : fromBytes, size - MAX_TAIL_BYTES);
    const bytes = Buffer.alloc(size - start);
    return bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, start));
  } finally {
    closeSync(fd);
  }
}
