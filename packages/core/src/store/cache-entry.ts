import type { Epochs } from './database.ts';
import type { CachedEntry } from './session-cache.ts';
import { epochText } from './session-cache.ts';
import { isTombstone, type SessionRecord, type SessionRow } from './session-store.ts';

/** An entry as a cache holds it. */
export interface CacheEntry {
  readonly epoch: string;
  readonly record: SessionRecord;
}

/**
 * The JSON text of an entry: `version` and `epoch` first, in this order (the scripts in Redis read them there), then `deleted` or
 * the row.
 */
export function encodeEntry(record: SessionRecord, epochs: Epochs): string {
  return JSON.stringify(entryValue(record, epochText(epochs)));
}

/** What an entry looks like to an operator. */
export function entryValue(record: SessionRecord, epoch: string): Record<string, unknown> {
  const { rev, ...rest } = record;
  return { version: rev, epoch, ...rest };
}

/** Undefined for what is no entry of this id, or a damaged one. */
export function decodeEntry(text: string, id: string): CacheEntry | undefined {
  const value = parseObject(text);
  if (value === undefined) return undefined;
  const { version, epoch, ...rest } = value;
  if (!isVersion(version) || typeof epoch !== 'string' || rest.id !== id) return undefined;
  if (rest.deleted === true) return { epoch, record: { id, rev: version, deleted: true } };
  const row = { ...rest, rev: version };
  return isRow(row) ? { epoch, record: row } : undefined;
}

/** An entry for `inspect`, whatever else is in its value. */
export function describeEntry(text: string, ttlMs: number): CachedEntry | undefined {
  const value = parseObject(text);
  if (value === undefined || !isVersion(value.version) || typeof value.epoch !== 'string') return undefined;
  const { version, epoch } = value;
  return { version, epoch, deleted: value.deleted === true, value, ttlMs };
}

/** What a cache answers with an entry, or why it is a miss. */
export function judgeEntry(
  entry: CacheEntry | undefined,
  epochs: Epochs,
  floor: number,
): { kind: 'hit'; row: SessionRow } | { kind: 'deleted'; rev: number } | 'absent' | 'epoch' | 'floor' {
  if (entry === undefined) return 'absent';
  const { epoch, record } = entry;
  if (epoch !== epochText(epochs)) return 'epoch';
  if (record.rev < floor) return 'floor';
  return isTombstone(record) ? { kind: 'deleted', rev: record.rev } : { kind: 'hit', row: record };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isVersion(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** Somebody may have written into Redis by hand: every member is of its type, or it is a miss. */
function isRow(value: Record<string, unknown>): value is Record<string, unknown> & SessionRow {
  return (
    TEXT_MEMBERS.every(name => typeof value[name] === 'string') &&
    NUMBER_MEMBERS.every(name => typeof value[name] === 'number') &&
    (value.primarySocket === null || typeof value.primarySocket === 'string') &&
    isObject(value.doc)
  );
}

const TEXT_MEMBERS = ['id', 'userId', 'name', 'ownerServer', 'state'] as const satisfies (keyof SessionRow)[];
const NUMBER_MEMBERS = [
  'rev',
  'ownerEpoch',
  'createdAt',
  'updatedAt',
] as const satisfies (keyof SessionRow)[];
