import type { SessionInfo } from '@triterm/core/domain';
import { MAX_PAYLOAD_BYTES, type Result } from '@triterm/core/protocol';
import { jsonBytes } from '../json-bytes.ts';

/** What a message has besides the sessions. */
const ENVELOPE_BYTES = 64 * 1024;
const PAGE_BYTES = MAX_PAYLOAD_BYTES - ENVELOPE_BYTES;

type Page = Result<'session.list'>;

/**
 * As many sessions behind the one that `after` names as fit into one message, at least one; `after` is the `next` of the page
 * before, null for the first one. Pages are in an order that does not change: what is there while all of them are asked for is on
 * one of them.
 */
export function pageOf(
  sessions: readonly SessionInfo[],
  after: string | null,
  pageBytes: number = PAGE_BYTES,
): Page {
  const rest = sessions
    .map(session => ({ session, place: placeOf(session) }))
    .filter(({ place }) => after === null || place > after)
    .sort((a, b) => (a.place < b.place ? -1 : Number(a.place > b.place)));
  let bytes = 0;
  const fitting = rest.findIndex(({ session }, at) => {
    bytes += jsonBytes(session);
    return bytes > pageBytes && at > 0;
  });
  if (fitting === -1) return { sessions: rest.map(({ session }) => session), next: null };
  const page = rest.slice(0, fitting);
  return { sessions: page.map(({ session }) => session), next: page.at(-1)?.place ?? null };
}

/** Oldest first; among those of one moment by id. */
function placeOf({ createdAt, id }: SessionInfo): string {
  return `${createdAt} ${id}`;
}
