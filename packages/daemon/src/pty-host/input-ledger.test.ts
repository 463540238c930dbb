import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ESCAPE_TIMEOUT_MS,
  InputLedger,
  MAX_QUEUED_BYTES,
  PASTE_TIMEOUT_MS,
  REMEMBER_MS,
} from './input-ledger.ts';

const BEGIN = '\x1b[200~';
const END = '\x1b[201~';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

/** Takes everything that may be written at this time, in pieces of `maxBytes`. */
function drain(ledger: InputLedger, nowMs = 0, maxBytes = Number.MAX_SAFE_INTEGER): string {
  let written = '';
  for (;;) {
    const next = ledger.next(nowMs);
    if (next === undefined) return written;
    const taken = next.subarray(0, maxBytes);
    written += Buffer.from(taken).toString('latin1');
    ledger.accepted(taken.length, nowMs);
  }
}

function opened(...attachments: string[]): InputLedger {
  const ledger = new InputLedger();
  for (const attachment of attachments) ledger.open(attachment);
  return ledger;
}

describe('InputLedger', () => {
  it('applies what is sent twice, or in overlapping pieces, once', () => {
    const ledger = opened('a');
    expect(ledger.offer('a', 0, bytes('abc'))).toBe('queued');
    expect(ledger.offer('a', 0, bytes('abc'))).toBe('known');
    expect(ledger.offer('a', 1, bytes('bcde'))).toBe('queued');
    expect(drain(ledger)).toBe('abcde');
    expect(ledger.offer('a', 2, bytes('cde'))).toBe('known');
    expect(ledger.offer('a', 4, bytes('ef'))).toBe('queued');
    expect(drain(ledger)).toBe('f');
  });

  it('takes nothing that leaves out bytes, and nothing of a stranger', () => {
    const ledger = opened('a');
    expect(ledger.offer('a', 1, bytes('b'))).toBe('gap');
    expect(ledger.offer('b', 0, bytes('b'))).toBe('gap');
    expect(drain(ledger)).toBe('');
  });

  it('goes on where the kernel stopped, and counts what it took', () => {
    const ledger = opened('a');
    ledger.offer('a', 0, bytes('abcdef'));
    expect(Buffer.from(ledger.next(0) ?? []).toString()).toBe('abcdef');
    expect(ledger.accepted(0, 0)).toBeUndefined();
    expect(ledger.accepted(2, 0)).toBe('a');
    expect(ledger.appliedOf('a')).toBe(2);
    expect(Buffer.from(ledger.next(0) ?? []).toString()).toBe('cdef');
    ledger.accepted(4, 0);
    expect([ledger.appliedOf('a'), ledger.idle]).toEqual([6, true]);
  });

  it('copies what it queues', () => {
    const ledger = opened('a');
    const lent = bytes('abc');
    ledger.offer('a', 0, lent);
    lent.fill(0);
    expect(drain(ledger)).toBe('abc');
  });

  it('holds a bounded amount for a program that does not read', () => {
    const ledger = opened('a', 'b');
    expect(ledger.offer('a', 0, new Uint8Array(MAX_QUEUED_BYTES))).toBe('queued');
    expect(ledger.offer('a', MAX_QUEUED_BYTES, bytes('x'))).toBe('full');
    expect(ledger.offer('b', 0, bytes('x'))).toBe('queued');
    let frames = 0;
    while (ledger.offer('b', 1 + frames, bytes('x')) === 'queued') frames += 1;
    expect(frames).toBeLessThan(10_000);
    let answers = 0;
    while (ledger.answer(new Uint8Array(1000))) answers += 1;
    expect(answers).toBeLessThan(100);
  });

  it('never splits a frame by another frame', () => {
    const ledger = opened('a', 'b');
    ledger.offer('a', 0, bytes('aaaa'));
    ledger.accepted(ledger.next(0)?.subarray(0, 1).length ?? 0, 0);
    ledger.offer('b', 0, bytes('bb'));
    ledger.answer(bytes('rr'));
    expect(drain(ledger, 0, 1)).toBe('aaabbrr');
  });

  it('lets nobody into an open paste, until it ends', () => {
    const ledger = opened('a', 'b');
    ledger.offer('a', 0, bytes(`${BEGIN}one`));
    expect(drain(ledger)).toBe(`${BEGIN}one`);
    ledger.offer('b', 0, bytes('b'));
    ledger.answer(bytes('r'));
    expect(drain(ledger)).toBe('');
    expect(ledger.waitMs(400)).toBe(PASTE_TIMEOUT_MS - 400);
    ledger.offer('a', 9, bytes(`two${END}`));
    expect(drain(ledger)).toBe(`two${END}br`);
    expect(ledger.waitMs(0)).toBe(0);
  });

  it('closes a paste without progress for others, and opens it again for its sender', () => {
    const ledger = opened('a', 'b');
    ledger.offer('a', 0, bytes(`${BEGIN}one`));
    drain(ledger);
    ledger.offer('b', 0, bytes('b'));
    expect(drain(ledger, PASTE_TIMEOUT_MS - 1)).toBe('');
    expect(drain(ledger, PASTE_TIMEOUT_MS, 1)).toBe(`${END}b`);
    ledger.offer('a', 9, bytes(`two${END}x`));
    expect(drain(ledger, 2000, 2)).toBe(`${BEGIN}two${END}x`);
    expect(ledger.appliedOf('a')).toBe(9 + 3 + END.length + 1);
  });

  it('closes the paste of one that will not come back as soon as somebody else types', () => {
    const ledger = opened('a', 'b');
    ledger.offer('a', 0, bytes(`${BEGIN}one`));
    drain(ledger);
    ledger.close('a', true, 0);
    expect(drain(ledger)).toBe('');
    ledger.offer('b', 0, bytes('b'));
    expect(drain(ledger)).toBe(`${END}b`);
    expect(ledger.open('a')).toBe(0);
  });

  it('waits for the rest of a marker that was cut, but not for ever', () => {
    const ledger = opened('a', 'b');
    ledger.offer('a', 0, bytes('\x1b[20'));
    drain(ledger);
    ledger.offer('b', 0, bytes('b'));
    expect(drain(ledger)).toBe('');
    expect(drain(ledger, PASTE_TIMEOUT_MS)).toBe('b');
  });

  it('waits a moment for what an escape may begin, and takes it for a key then', () => {
    const ledger = opened('a', 'b');
    ledger.offer('a', 0, bytes('\x1b'));
    drain(ledger);
    ledger.offer('b', 0, bytes('b'));
    expect(drain(ledger, ESCAPE_TIMEOUT_MS - 1)).toBe('');
    ledger.offer('a', 1, bytes('[200~x'));
    expect(drain(ledger, ESCAPE_TIMEOUT_MS - 1)).toBe('[200~x');
    ledger.offer('a', 7, bytes(`${END}\x1b`));
    expect(drain(ledger, 100)).toBe(`${END}\x1b`);
    expect(drain(ledger, 100 + ESCAPE_TIMEOUT_MS)).toBe('b');
  });

  it('remembers for a day how far an attachment came, unless it said that it will not come back', () => {
    const ledger = opened('a', 'b');
    ledger.offer('a', 0, bytes('abc'));
    ledger.offer('b', 0, bytes('abc'));
    drain(ledger);
    ledger.close('a', false, 0);
    ledger.close('b', true, 0);
    expect(ledger.open('a')).toBe(3);
    expect(ledger.open('b')).toBe(0);
    ledger.close('a', false, 0);
    ledger.expire(REMEMBER_MS - 1);
    expect(ledger.appliedOf('a')).toBe(3);
    ledger.expire(REMEMBER_MS);
    expect(ledger.appliedOf('a')).toBe(0);
  });

  it('applies what was queued before its attachment was closed', () => {
    for (const forget of [false, true]) {
      const ledger = opened('a');
      ledger.offer('a', 0, bytes('abc'));
      ledger.close('a', forget, 0);
      expect(drain(ledger)).toBe('abc');
      expect(ledger.open('a')).toBe(forget ? 0 : 3);
    }
  });

  it('remembers a bounded number of attachments, those that left last', () => {
    const ledger = new InputLedger();
    for (let index = 0; index < 3000; index += 1) {
      ledger.open(`a${index}`);
      ledger.offer(`a${index}`, 0, bytes('x'));
      drain(ledger);
      ledger.close(`a${index}`, false, index);
    }
    expect(ledger.appliedOf('a0')).toBe(0);
    expect(ledger.appliedOf('a2999')).toBe(1);
    expect(ledger.appliedOf('a2000')).toBe(1);
  });

  it('gives every byte once, in order, in the paste that it was sent in, whatever is sent again and cut', () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('send' as const),
        who: fc.nat(2),
        // Negative: what was sent before is sent again; positive: something is left out.
        shift: fc.integer({ min: -30, max: 2 }),
        length: fc.integer({ min: 1, max: 25 }),
      }),
      fc.record({ kind: fc.constant('write' as const), bytes: fc.integer({ min: 0, max: 12 }) }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 1200 }) }),
      fc.record({ kind: fc.constant('reconnect' as const), who: fc.nat(2) }),
      fc.record({ kind: fc.constant('answer' as const) }),
    );
    const script = fc
      .array(
        fc.oneof(
          fc.integer({ min: 1, max: 8 }).map(length => ({ pasted: false, length })),
          fc.integer({ min: 0, max: 20 }).map(length => ({ pasted: true, length })),
        ),
        { minLength: 1, maxLength: 8 },
      )
      .map(parts => ({ parts, total: parts.reduce((sum, { length }) => sum + length, 0) }));
    fc.assert(
      fc.property(fc.tuple(script, script, script), fc.array(step, { maxLength: 150 }), (scripts, steps) => {
        // Every sender has letters of its own, so that the output tells whose a byte is.
        const alphabets = ['ABCDEFGHIJ', 'abcdefghij', 'klmnopqrst'];
        const typists = scripts.map(({ parts }, who) => {
          let typed = 0;
          const letter = () => alphabets[who]?.[typed++ % 10] ?? '';
          const texts = parts.map(({ pasted, length }) => {
            const text = Array.from({ length }, letter).join('');
            return pasted ? `${BEGIN}${text}${END}` : text;
          });
          return { name: `t${who}`, data: bytes(texts.join('')), end: 0 };
        });
        const ledger = opened(...typists.map(({ name }) => name));
        let nowMs = 0;
        let output = '';
        let answers = 0;
        const writeSome = (maxBytes: number): boolean => {
          const next = ledger.next(nowMs);
          if (next === undefined) return false;
          const taken = next.subarray(0, maxBytes);
          output += Buffer.from(taken).toString('latin1');
          ledger.accepted(taken.length, nowMs);
          return true;
        };
        for (const each of steps) {
          switch (each.kind) {
            case 'send': {
              const typist = typists[each.who];
              if (typist === undefined) break;
              const from = Math.max(0, typist.end + each.shift);
              const piece = typist.data.subarray(from, wholeMarkers(typist.data, from + each.length));
              const offered = ledger.offer(typist.name, from, piece);
              expect(offered).toBe(
                from > typist.end ? 'gap' : from + piece.length <= typist.end ? 'known' : 'queued',
              );
              if (offered === 'queued') typist.end = from + piece.length;
              break;
            }
            case 'write':
              writeSome(each.bytes);
              break;
            case 'wait':
              nowMs += each.ms;
              break;
            case 'reconnect': {
              const name = `t${each.who}`;
              ledger.close(name, false, nowMs);
              expect(ledger.open(name)).toBe(ledger.appliedOf(name));
              break;
            }
            case 'answer':
              if (ledger.answer(bytes('0123'))) answers += 1;
          }
        }
        for (const typist of typists) {
          if (typist.end < typist.data.length)
            ledger.offer(typist.name, typist.end, typist.data.subarray(typist.end));
        }
        while (!ledger.idle) {
          if (!writeSome(1000)) nowMs += 100;
        }
        expect(lettersOf(output, /[^0-9]/g)).toEqual(Array(answers).fill('0123').join(''));
        typists.forEach(({ data }, who) => {
          const others = new RegExp(`[^${alphabets[who]}]`, 'g');
          expect(inPastes(output).replace(others, '')).toBe(
            inPastes(data.toString('latin1')).replace(others, ''),
          );
          expect(outsidePastes(output).replace(others, '')).toBe(
            outsidePastes(data.toString('latin1')).replace(others, ''),
          );
        });
      }),
      { numRuns: 300 },
    );
  });
});

/** A place at or after this one that is not within a marker: half a marker is waited for only for a while. */
function wholeMarkers(data: Buffer, place: number): number {
  const within = /\x1b(?:\[(?:2(?:0[01]?)?)?)?$/.exec(data.toString('latin1', 0, place));
  return within === null ? place : within.index + BEGIN.length;
}

const PASTE = /\x1b\[200~(.*?)\x1b\[201~/g;
const lettersOf = (output: string, others: RegExp): string =>
  output.replaceAll(BEGIN, '').replaceAll(END, '').replace(others, '');
const inPastes = (output: string): string => [...output.matchAll(PASTE)].map(([, text]) => text).join('');
const outsidePastes = (output: string): string => output.replace(PASTE, '');
