import type { Result } from '@triterm/core/protocol/messages';
import { isTombstone, type SessionRecord } from '@triterm/core/store';
import type { Learned } from './learn.ts';
import type { LocalEntry } from './sources.ts';

export type TierEntry = Result<'cache.show'>['tiers'][number];

const NOTHING = { version: null, epoch: null, ttlMs: null, value: null, reason: null } as const;

/** `undefined`: there is no such tier. */
export function cacheTier(
  tier: 'l1' | 'redis',
  entry: Learned<LocalEntry | undefined> | undefined,
): TierEntry {
  if (entry === undefined) return { tier, state: 'off', ...NOTHING };
  if ('trouble' in entry) return { tier, state: 'unavailable', ...NOTHING, reason: entry.trouble };
  if (entry.value === undefined) return { tier, state: 'absent', ...NOTHING };
  const { version, epoch, deleted, value, ttlMs } = entry.value;
  return {
    tier,
    state: deleted ? 'deleted' : 'present',
    version,
    epoch,
    ttlMs: Math.max(0, ttlMs),
    value: contentOf(value),
    reason: null,
  };
}

export function databaseTier(record: Learned<SessionRecord | undefined>): TierEntry {
  const tier = 'database';
  if ('trouble' in record) return { tier, state: 'unavailable', ...NOTHING, reason: record.trouble };
  if (record.value === undefined) return { tier, state: 'absent', ...NOTHING };
  const state = isTombstone(record.value) ? 'deleted' : 'present';
  return { tier, state, ...NOTHING, version: record.value.rev, value: contentOf({ ...record.value }) };
}

/** What is told beside the value is left out of it: tiers keep it under other names. */
function contentOf(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { rev: _rev, version: _version, epoch: _epoch, deleted: _deleted, ...content } = value;
  return content;
}

const TIER_NAMES = { l1: 'L1', redis: 'Redis', database: 'the database' } as const;

/** Marks what no read takes: an entry of another epoch, or below the floor. */
export function unserved(entry: TierEntry, epoch: string | null, floor: number | null): TierEntry {
  if (entry.tier === 'database' || entry.version === null) return entry;
  if (epoch !== null && entry.epoch !== epoch)
    return { ...entry, reason: 'It is of another epoch; no read takes it.' };
  if (floor !== null && entry.version < floor)
    return { ...entry, reason: 'It is below the floor; no read takes it.' };
  return entry;
}

/**
 * What the tiers contradict each other in, after `unserved` has marked those that contradict nothing. Undefined when the database
 * does not answer.
 */
export function differences(tiers: readonly TierEntry[]): string[] | undefined {
  const truth = tiers.find(({ tier }) => tier === 'database');
  if (truth === undefined || truth.state === 'unavailable') return undefined;
  return tiers.flatMap(entry => {
    if (entry.tier === 'database' || entry.version === null || entry.reason !== null) return [];
    const found = difference(entry, truth);
    return found === undefined ? [] : [found];
  });
}

function difference(entry: TierEntry, truth: TierEntry): string | undefined {
  const name = TIER_NAMES[entry.tier];
  if (truth.version === null) {
    // A deleted row is collected after a day; the tombstone may outlive it.
    return entry.state === 'deleted'
      ? undefined
      : `${name} has version ${entry.version}, the database nothing.`;
  }
  if (entry.version !== truth.version)
    return `${name} has version ${entry.version}, the database ${truth.version}.`;
  if (entry.state !== truth.state)
    return `${name} says ${entry.state}, the database ${truth.state}, both at version ${truth.version}.`;
  const members = entry.state === 'present' ? differingMembers(entry.value, truth.value) : [];
  return members.length === 0
    ? undefined
    : `${name} and the database differ at version ${truth.version} in ${members.join(', ')}.`;
}

/** Members that both have and that are not equal; a tier may keep some of its own. */
function differingMembers(a: TierEntry['value'], b: TierEntry['value']): string[] {
  if (a === null || b === null) return [];
  return Object.keys(b).filter(key => Object.hasOwn(a, key) && canonical(a[key]) !== canonical(b[key]));
}

/** JSON with its members in order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
