import type { SessionEvent } from '@triterm/core/protocol';
import { MAX_MESSAGE_BYTES } from '@triterm/core/store';
import { describe, expect, it } from 'vitest';
import type { Told } from '../session/event-bus.ts';
import { decodeMessage, encodeMessage } from './fleet-events-message.ts';
import { FleetEventsOutbox } from './fleet-events-outbox.ts';

const FROM = 's'.repeat(128);

const told = (type: SessionEvent['type'], name: string, data: SessionEvent['data'] = {}): Told => ({
  event: { type, at: new Date(0).toISOString(), session: 'id', name, server: 'server-1', data },
  userId: 'anna',
});

/** Everything that it has to tell, as its messages. */
function messages(outbox: FleetEventsOutbox): string[] {
  const sent: string[] = [];
  while (outbox.isDue) sent.push(encodeMessage(FROM, sent.length + 1, outbox.take().events));
  return sent;
}

const names = (sent: readonly string[]) =>
  sent.flatMap(message => decodeMessage(message)?.events.map(({ event }) => event.name));

describe('events that wait to be told', () => {
  it('go out several in one message, in their order, and none is above the bound', () => {
    const outbox = new FleetEventsOutbox();
    const wanted = Array.from({ length: 200 }, (_, number) => `n${number}`);
    for (const name of wanted) outbox.add(told('notification', name, { body: '\u0001ä'.repeat(100) }));
    const sent = messages(outbox);
    expect(names(sent)).toEqual(wanted);
    expect(sent.length).toBeLessThan(200);
    for (const message of sent) expect(Buffer.byteLength(message)).toBeLessThanOrEqual(MAX_MESSAGE_BYTES);
  });

  it('are the same on the other side', () => {
    const outbox = new FleetEventsOutbox();
    const event = told('resized', 'work', { cols: 80, rows: 24 });
    outbox.add(event);
    expect(decodeMessage(messages(outbox)[0] ?? '')).toEqual({ from: FROM, seq: 1, events: [event] });
  });

  it('lose the ends of long texts, and what is long all the same', () => {
    const outbox = new FleetEventsOutbox();
    outbox.add(told('notification', 'long', { body: 'x'.repeat(100_000) }));
    outbox.add(
      told(
        'created',
        'wide',
        Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`k${n}`, 'y'.repeat(400)])),
      ),
    );
    const [first, second] = messages(outbox).flatMap(message => decodeMessage(message)?.events ?? []);
    expect(first?.event.data.body).toMatch(/^x{511}…$/);
    expect(second?.event).toMatchObject({ type: 'created', data: {} });
  });

  it('are given up when there are too many: titles, directories and bells first, then the oldest, and it is said', () => {
    const outbox = new FleetEventsOutbox();
    for (let number = 0; number < 999; number++) outbox.add(told('attached', `a${number}`));
    outbox.add(told('title', 'old'));
    outbox.add(told('exited', 'end'));
    outbox.add(told('detached', 'last'));
    expect(outbox.take().lost).toBe(true);
    const rest = names(messages(outbox));
    expect(rest).not.toContain('old');
    expect(rest).not.toContain('a0');
    expect(rest.slice(-2)).toEqual(['end', 'last']);
  });

  it('are not read out of what is no message of ours', () => {
    for (const text of [
      '',
      '{',
      '[]',
      'null',
      '{"from":1,"events":[]}',
      '{"from":"a","seq":0,"events":[]}',
      '{"from":"a"}',
    ])
      expect(decodeMessage(text)).toBeUndefined();
    expect(decodeMessage('{"from":"a","seq":1,"events":[{"type":"unheardOf"},7]}')?.events).toEqual([]);
  });
});
