import * as z from 'zod';
import { SCOPES, SESSION_STATES } from '../../domain/index.ts';
import { MAX_SCREEN_BYTES } from '../write-refusals.ts';

/** Raised when an older release could not read a dump of this one. */
export const DUMP_VERSION = 2;
export const DUMP_FORMAT = 'triterm-dump';

/** Below 2^52: revisions go on above it. */
const count = z.int().min(0).max(4_503_599_627_370_495);
const id = z.string().min(1).max(256);

/** The part of the first line that every version of the format has. */
export const dumpMark = z.object({ format: z.literal(DUMP_FORMAT), version: count, schema: count });

/** The first line. */
export const dumpHead = dumpMark.extend({
  /** RFC 3339. */
  at: z.string(),
  counts: z.strictObject({
    session: count,
    session_activity: count,
    idempotency: count,
    // Version 1 knew none of these.
    token: count.default(0),
    session_screen: count.default(0),
  }),
});

/** The last line: without it, a dump is not complete. */
export const dumpEnd = z.strictObject({
  end: z.literal(true),
  /** SHA-256 of all bytes before this line, hexadecimal. */
  sha256: z.string(),
});

const session = z.strictObject({
  id,
  rev: count,
  user_id: id,
  name: z.string().max(256),
  owner_server: z.string().max(256),
  owner_epoch: count,
  state: z.enum(SESSION_STATES),
  primary_socket: z.string().max(256).nullable(),
  doc: z.string().refine(isJsonObject, 'is no JSON object'),
  created_at: count,
  updated_at: count,
  deleted_at: count.nullable(),
});
const sessionActivity = z.strictObject({ id, last_activity_at: count });
const idempotency = z.strictObject({ key: id, result: z.string(), at: count });
const token = z.strictObject({
  id,
  user_id: id,
  scope: z.enum(SCOPES),
  session_id: id.nullable(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  label: z.string().max(1024),
  created_at: count,
  expires_at: count.nullable(),
  revoked_at: count.nullable(),
  last_used_at: count.nullable(),
});
const sessionScreen = z.strictObject({
  session_id: id,
  owner_epoch: count,
  stream_offset: count,
  cols: count,
  rows: count,
  content: z.string().max(MAX_SCREEN_BYTES).refine(isJsonObject, 'is no JSON object'),
  at: count,
});

/** A line between first and last. */
export const dumpRow = z.discriminatedUnion('table', [
  z.strictObject({ table: z.literal('session'), row: session }),
  z.strictObject({ table: z.literal('session_activity'), row: sessionActivity }),
  z.strictObject({ table: z.literal('idempotency'), row: idempotency }),
  z.strictObject({ table: z.literal('token'), row: token }),
  z.strictObject({ table: z.literal('session_screen'), row: sessionScreen }),
]);
export type DumpRow = z.infer<typeof dumpRow>;

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
