import type { Result } from '@triterm/core/protocol';
import type { ListColumn } from '../output/listing.ts';
import { latencyText } from '../output/quantity.ts';

export type ShownLock = Result<'locks.list'>['locks'][number];

export const LOCK_COLUMNS: readonly ListColumn<ShownLock>[] = [
  { header: 'LOCK', minWidth: 12, text: lock => lock.name },
  {
    header: 'SESSION',
    minWidth: 8,
    dropRank: 2,
    text: lock => lock.sessionName ?? '-',
    exact: lock => lock.sessionName ?? '',
  },
  { header: 'HOLDER', minWidth: 8, text: lock => lock.holder },
  { header: 'TOKEN', dropRank: 3, text: lock => lock.tokenPrefix },
  { header: 'AGE', align: 'end', text: lock => latencyText(lock.ageMs), exact: lock => String(lock.ageMs) },
  { header: 'TTL', align: 'end', text: lock => latencyText(lock.ttlMs), exact: lock => String(lock.ttlMs) },
  { header: 'WAITERS', align: 'end', dropRank: 1, text: lock => String(lock.waiters) },
  {
    header: 'FENCE',
    align: 'end',
    dropRank: 4,
    text: lock => numberText(lock, '-'),
    exact: lock => numberText(lock, ''),
  },
];

function numberText({ fence }: ShownLock, none: string): string {
  return fence === null ? none : String(fence);
}
