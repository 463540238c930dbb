import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PasteScanner } from './paste-scanner.ts';

const BEGIN = '\x1b[200~';
const END = '\x1b[201~';

function after(...pieces: string[]): PasteScanner {
  const scanner = new PasteScanner();
  for (const piece of pieces) scanner.push(Buffer.from(piece, 'latin1'));
  return scanner;
}

describe('PasteScanner', () => {
  it('is open from the begin to the end of a paste', () => {
    expect(after('ls').open).toBe(false);
    expect(after(`ls ${BEGIN}`).open).toBe(true);
    expect(after(BEGIN, 'text\n').open).toBe(true);
    expect(after(BEGIN, 'text', END).open).toBe(false);
    expect(after(BEGIN, 'a', END, BEGIN).open).toBe(true);
  });

  it('knows a marker that is not whole, and an escape that may be a key', () => {
    expect([after('\x1b').inMarker, after('\x1b').atEscape]).toEqual([true, true]);
    expect([after('\x1b[').inMarker, after('\x1b[').atEscape]).toEqual([true, false]);
    expect([after('x').inMarker, after('x').atEscape]).toEqual([false, false]);
    expect(after('\x1b[20').inMarker).toBe(true);
    expect(after('\x1b[20~').inMarker).toBe(false);
    expect(after('\x1b[A').inMarker).toBe(false);
    expect(after('\x1b\x1b[200').inMarker).toBe(true);
  });

  it('gives up what was begun when it is reset', () => {
    const scanner = after(BEGIN, '\x1b[2');
    scanner.reset();
    expect([scanner.open, scanner.inMarker]).toEqual([false, false]);
    scanner.push(Buffer.from('00~'));
    expect(scanner.open).toBe(false);
  });

  it('sees the same however the bytes are cut', () => {
    const part = fc.constantFrom(BEGIN, END, '\x1b', '[', '2', '0', '1', '~', 'x', '\x1b[20', '\x1b[2');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), fc.array(fc.nat(60)), (parts, cuts) => {
        const text = parts.join('');
        const places = [0, ...cuts.filter(cut => cut < text.length).sort((a, b) => a - b), text.length];
        const pieces = places.slice(1).map((end, index) => text.slice(places[index], end));
        const markers = text.match(/\x1b\[20[01]~/g) ?? [];
        const scanner = after(...pieces);
        expect(scanner.open).toBe(markers.at(-1) === BEGIN);
        expect(scanner.inMarker).toBe(/\x1b(?:\[(?:2(?:0[01]?)?)?)?$/.test(text));
      }),
    );
  });
});
