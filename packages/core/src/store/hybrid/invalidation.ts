import * as z from 'zod';
import type { Epochs, OutboxEntry } from '../database.ts';
import { MAX_MESSAGE_BYTES } from '../event-channel.ts';

/**
 * What servers tell each other: `c`hanges, ids to `d`rop from memory, an `e`poch, a `h`eartbeat of a sender. Unknown members are for
 * newer releases.
 */
const message = z.object({
  c: z.array(z.tuple([z.string().max(64), z.int()])).optional(),
  d: z.array(z.string().max(64)).optional(),
  e: z.object({ db: z.string().max(64), cache: z.int() }).optional(),
  h: z.tuple([z.string().max(128), z.int()]).optional(),
});

export interface Invalidation {
  readonly changes: readonly OutboxEntry[];
  /** On somebody's request. */
  readonly drops: readonly string[];
  readonly epochs: Epochs | undefined;
  readonly heartbeat: { readonly sender: string; readonly number: number } | undefined;
}

/** Undefined for what is no message of ours. */
export function parseInvalidation(text: string): Invalidation | undefined {
  if (text.length > 2 * MAX_MESSAGE_BYTES) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = message.safeParse(value);
  if (!parsed.success) return undefined;
  const { c, d, e, h } = parsed.data;
  return {
    changes: (c ?? []).map(([id, rev]) => ({ id, rev })),
    drops: d ?? [],
    epochs: e,
    heartbeat: h === undefined ? undefined : { sender: h[0], number: h[1] },
  };
}

export function epochMessage({ db, cache }: Epochs): string {
  return JSON.stringify({ e: { db, cache } });
}

export function dropMessage(id: string): string {
  return JSON.stringify({ d: [id] });
}

export function heartbeatMessage(sender: string, number: number): string {
  return JSON.stringify({ h: [sender, number] });
}

/** One change; what a put publishes. */
export function changeMessage({ id, rev }: OutboxEntry): string {
  return JSON.stringify({ c: [[id, rev]] });
}

/** Many changes in as few messages as their bound allows. */
export function changeMessages(changes: readonly OutboxEntry[]): string[] {
  const messages: string[] = [];
  let members: string[] = [];
  let bytes = 0;
  for (const { id, rev } of changes) {
    const member = JSON.stringify([id, rev]);
    if (bytes + member.length + 16 > MAX_MESSAGE_BYTES) {
      messages.push(`{"c":[${members.join()}]}`);
      members = [];
      bytes = 0;
    }
    members.push(member);
    bytes += member.length + 1;
  }
  if (members.length > 0) messages.push(`{"c":[${members.join()}]}`);
  return messages;
}
