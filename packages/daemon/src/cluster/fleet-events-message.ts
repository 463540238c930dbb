import type { SessionEvent } from '@triterm/core/protocol';
import { sessionEvent } from '@triterm/core/protocol/messages';
import { MAX_MESSAGE_BYTES } from '@triterm/core/store';
import type { Told } from '../session/event-bus.ts';

/**
 * What servers tell each other: hints, never the truth. `{from, seq, events}`; an event also has `user`. A message with a number and
 * no events says that earlier ones were lost, one without a number that its sender hears itself.
 */
export interface FleetMessage {
  /** Names the sender's process: its messages are counted from when it began. */
  readonly from: string;
  /** Of the sender's messages; a number that is missing was lost. */
  readonly seq: number | undefined;
  readonly events: readonly Told[];
}

/** Longest text of an event's data that is passed on whole. */
const MAX_TEXT_LENGTH = 512;
/** What stands around the events, with the longest sender and number. */
const ENVELOPE_BYTES = 400;

/** An event in its written form. */
export interface PackedEvent {
  readonly told: Told;
  readonly json: string;
  readonly bytes: number;
}

/** Bytes of events that go into one message. */
export const MAX_PACKED_BYTES = MAX_MESSAGE_BYTES - ENVELOPE_BYTES;

/** Writes an event so that it fits into a message: long texts are cut. */
export function packEvent(told: Told): PackedEvent {
  const { event, userId } = told;
  const data = Object.fromEntries(
    Object.entries(event.data).map(([key, value]) => [key, typeof value === 'string' ? cut(value) : value]),
  );
  const whole = json({ ...event, data }, userId);
  if (whole.bytes <= MAX_PACKED_BYTES) return { told, ...whole };
  return { told, ...json({ ...event, data: {} }, userId) };
}

export function encodeMessage(from: string, seq: number | undefined, events: readonly PackedEvent[]): string {
  const head = JSON.stringify({ from, ...(seq === undefined ? {} : { seq }) }).slice(0, -1);
  return `${head},"events":[${events.map(({ json: text }) => text).join(',')}]}`;
}

/** Undefined for what no server of ours has written. */
export function decodeMessage(text: string): FleetMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || typeof value.from !== 'string' || !Array.isArray(value.events)) return undefined;
  const { from, seq } = value;
  if (seq !== undefined && !isCount(seq)) return undefined;
  const events = value.events.map(toldIn).filter(told => told !== undefined);
  return { from, seq, events };
}

/** A newer server may tell of what we do not know: that is left out. */
function toldIn(value: unknown): Told | undefined {
  const event = sessionEvent.safeParse(value);
  if (!event.success || !isRecord(value)) return undefined;
  return { event: event.data, userId: typeof value.user === 'string' ? value.user : undefined };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1;
}

function json(event: SessionEvent, user: string | undefined): { json: string; bytes: number } {
  const text = JSON.stringify({ ...event, ...(user === undefined ? {} : { user }) });
  return { json: text, bytes: Buffer.byteLength(text) + 1 };
}

function cut(text: string): string {
  return text.length <= MAX_TEXT_LENGTH ? text : `${text.slice(0, MAX_TEXT_LENGTH - 1).toWellFormed()}…`;
}
