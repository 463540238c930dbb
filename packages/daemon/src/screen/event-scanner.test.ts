import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventScanner } from './event-scanner.ts';
import { TerminalModel } from './model/terminal-model.ts';
import { randomOutput } from './model/testing/random-stream.ts';
import { TellingListener } from './model/testing/telling-listener.ts';

/** Absolute start and nominal end of everything that is found, for a stream that is cut into chunks. */
function scan(stream: Uint8Array, chunkBytes: number[] = [stream.length], base = 0): [number, number][] {
  const scanner = new EventScanner();
  const found: [number, number][] = [];
  let from = 0;
  for (let turn = 0; from < stream.length; turn += 1) {
    const bytes = chunkBytes[turn % chunkBytes.length] ?? 1;
    const chunk = stream.subarray(from, from + bytes);
    for (const cut of scanner.push(base + from, chunk)) {
      found.push([cut.start ?? -1, base + from + cut.nominalEnd]);
    }
    from += chunk.length;
  }
  return found;
}

const bytes = (text: string) => Buffer.from(text, 'latin1');

describe('EventScanner', () => {
  it('finds titles, directories, notifications and marks with their places', () => {
    const text = 'ab\x1b]2;title\x07cd\x1b]7;file:///x\x1b\\\x1b]133;A\x07\x1b[1m\x1b]777;notify;a;b\x07';
    expect(scan(bytes(text), undefined, 1000)).toEqual([
      [1002, 1012],
      [1014, 1029],
      [1029, 1037],
      [1041, 1058],
    ]);
  });

  it('passes over other sequences and strings', () => {
    const text =
      '\x1b]8;;http://x\x07link\x1b]8;;\x07\x1bPq\x07sixel\x1b\\\x1b]52;c;AAAA\x07\x1b_x\x1b\\\x1b[31m';
    expect(scan(bytes(text))).toEqual([]);
  });

  it('finds what is answered, and a title that is restored', () => {
    const found = [
      '\x1b[c',
      '\x1b[>0c',
      '\x1b[=c',
      '\x1b[5n',
      '\x1b[?6n',
      '\x1b[?25$p',
      '\x1b[4$p',
      '\x1b[>q',
      '\x1b[?u',
    ];
    found.push('\x1b]0\x07', '\x1b]2\x1b\\');
    found.push('\x1b[?4m', '\x1b[18t', '\x1b[23;2t', '\x1bP$qm\x1b\\', '\x1bP+q544e\x1b\\', '\x1b]11;?\x07');
    for (const query of found) {
      expect(scan(bytes(`ab${query}cd`))).toEqual([[2, 2 + query.length]]);
      expect(scan(bytes(`ab${query}cd`), [1])).toEqual([[2, 2 + query.length]]);
    }
    const passed =
      '\x1b[>4;2m\x1b[=1u\x1b[u\x1b[!p\x1b[2 q\x1b[1;31m\x1b[?1049h\x1b[>5x\x1b[6\x18n\x1bP1$r0m\x1b\\';
    expect(scan(bytes(passed))).toEqual([]);
    expect(scan(bytes(passed), [1])).toEqual([]);
  });

  it('finds a bell and takes those near to it for one', () => {
    expect(scan(bytes(`a\x07\x07\x07${'x'.repeat(2000)}\x07`))).toEqual([
      [-1, 2],
      [-1, 2005],
    ]);
  });

  it('finds a sequence with controls and bytes in it that count for nothing', () => {
    for (const query of ['\x1b\x7f\n[\x7f6\r\x80n', '\x1b]\n2\x80;t\x07', '\x1bP\x7f$\nqm\x1b\\']) {
      expect(scan(bytes(query))).toEqual([[0, query.length]]);
      expect(scan(bytes(query), [1])).toEqual([[0, query.length]]);
    }
  });

  it('bounds the places of a chunk', () => {
    expect(scan(bytes('\x1b[c'.repeat(10_000)))).toHaveLength(4096);
  });

  it('gives up a string at CAN and SUB', () => {
    expect(scan(bytes('\x1b]2;no\x18\x1b]2;no\x1a\x1b]2;yes\x07'))).toEqual([[14, 22]]);
    expect(scan(bytes('\x1b]2\x18\x07'))).toEqual([[-1, 5]]);
  });

  it('finds the place of everything that a terminal model tells', () => {
    fc.assert(
      fc.property(randomOutput, stream => {
        const told = new TellingListener();
        const model = new TerminalModel({ cols: 20, rows: 5, listener: told });
        const scanner = new EventScanner();
        const ends = new Set(scanner.push(0, stream).map(cut => cut.end));
        // The last ESC may end a string, which is told of at the end of the chunk.
        if (scanner.missingBytes > 0) ends.add(stream.length);
        for (let at = 0; at < stream.length; at += 1) {
          told.all.length = 0;
          model.write(stream.subarray(at, at + 1));
          const events = told.all.filter(event => event !== 'bell' && event !== 'historyCleared');
          // A string counts from its ESC on, and is cut after what follows when that is a backslash.
          const isCut = ends.has(at + 1) || (stream[at] === 0x1b && ends.has(at + 2));
          if (!isCut) expect(events).toEqual([]);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('finds the same places however the stream is divided', () => {
    const piece = fc.constantFrom(
      ...[
        '\x1b]2;t\x07',
        '\x1b]133;D;0\x1b\\',
        '\x1b]0;x\x1b[m',
        'text',
        '\x1b\x1b]9;n\x07',
        '\x1b]8;;u\x1b\\',
        '\x1bP1$r\x1b\\',
        '\x1bP$qm\x1b\\',
        '\x1b[6n',
        '\x1b[?1;3',
        '\x1b[1\x07m',
        'n',
        '\x18',
        '\r\n',
      ],
      '\x1b]2;',
      '\x1b',
      '\\',
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 30 }),
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 }),
        (pieces, chunkBytes) => {
          const stream = bytes(pieces.join(''));
          // A string that ends with the chunk's last ESC is acted on before its end is known: counted by `missingBytes`.
          const whole = scan(stream);
          const divided = scan(stream, chunkBytes);
          for (const place of divided) expect(whole).toContainEqual(place);
        },
      ),
    );
  });
});
