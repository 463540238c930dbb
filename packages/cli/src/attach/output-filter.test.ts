import { ModeTracker, PUSH_TITLE } from '@triterm/core/terminal';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutputFilter } from './output-filter.ts';

/** What goes to the terminal when the stream is divided so. */
function filtered(...chunks: readonly (string | Buffer)[]): string {
  const filter = new OutputFilter(new ModeTracker());
  const pieces = chunks.flatMap(chunk => [...filter.push(Buffer.from(chunk))]);
  return Buffer.concat(pieces).toString('latin1');
}

/** The same bytes, divided in every possible place. */
function everyDivision(text: string): [string, string][] {
  return Array.from({ length: text.length - 1 }, (_, at) => [text.slice(0, at + 1), text.slice(at + 1)]);
}

const KEPT = [
  ...[
    'plain text\r\n',
    '\x1b[1;31mred\x1b[m',
    '\x1b[?25l',
    '\x1b[2J\x1b[H',
    '\x1b(0',
    '\x1b7',
    '\x1bM',
    '\t',
  ],
  ...['\x1b]8;;http://example.org/\x1b\\', '\x1b]133;A\x07', '\x1b]7;file://h/\x1b\\', '\x1b]52;c;aGk=\x07'],
  ...[
    '\x1bPq#0;2;0;0;0~-\x1b\\',
    '\x1b_Ga=T,f=100;AAAA\x1b\\',
    '\x1b^private\x1b\\',
    '\x1b]1337;File=:AA==\x07',
  ],
  ...[
    '\x1b[>1u',
    '\x1b[<u',
    '\x1b[>4;2m',
    '\x1b[2 q',
    '\x1b[!p',
    '\x1b[8;24;80t',
    '\x1b[1;5r',
    '\x1b[?1049h',
  ],
  ...['\x1b]11;rgb:00/00/00\x1b\\', '\x1b]4;1;red\x1b\\', '\x1bP1$r0m\x1b\\', '\x1b[38:2::1:2:3m'],
];
const DROPPED = [
  ...[
    '\x1b[c',
    '\x1b[0c',
    '\x1b[>c',
    '\x1b[=c',
    '\x1b[5n',
    '\x1b[6n',
    '\x1b[?6n',
    '\x1b[?2026$p',
    '\x1b[4$p',
  ],
  ...['\x1b[>q', '\x1b[?u', '\x1b[14t', '\x1b[18t', '\x1b[21t', '\x1bZ', '\x05', '\x1b[x', '\x1b[1$w'],
  ...['\x1b]10;?\x1b\\', '\x1b]11;?\x07', '\x1b]4;1;?\x1b\\', '\x1b]52;c;?\x07', '\x1b]10;?;?\x1b\\'],
  ...['\x1bP$qm\x1b\\', '\x1bP+q544e\x1b\\', '\x1b_Gi=1,a=q;AAAA\x1b\\', '\x1b[?1;1;0S'],
];

describe('OutputFilter', () => {
  it.each(KEPT)('lets %j pass, wherever it is divided', sequence => {
    const text = `a${sequence}b`;
    expect(filtered(text)).toBe(text);
    for (const division of everyDivision(text)) expect(filtered(...division)).toBe(text);
    expect(filtered(...text)).toBe(text);
  });

  it.each(DROPPED)('leaves %j out, wherever it is divided', sequence => {
    const text = `a${sequence}b`;
    expect(filtered(text)).toBe('ab');
    for (const division of everyDivision(text)) expect(filtered(...division)).toBe('ab');
    expect(filtered(...text)).toBe('ab');
  });

  it('takes nothing but the queries out of any mixture, in any division', () => {
    const part = fc.oneof(
      fc.constantFrom(...KEPT).map(text => ({ text, kept: text })),
      fc.constantFrom(...DROPPED).map(text => ({ text, kept: '' })),
      fc.string({ maxLength: 20 }).map(text => {
        const printable = text.replace(/[^ -~]/g, '.');
        return { text: printable, kept: printable };
      }),
    );
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 30 }),
        fc.array(fc.nat(400), { maxLength: 8 }),
        (parts, cuts) => {
          const text = parts.map(({ text }) => text).join('');
          const places = [0, ...cuts.filter(cut => cut < text.length).sort((a, b) => a - b), text.length];
          const chunks = places.slice(1).map((end, at) => text.slice(places[at], end));
          expect(filtered(...chunks)).toBe(parts.map(({ kept }) => kept).join(''));
        },
      ),
    );
  });

  it('treats any bytes alike in any division', () => {
    const byte = fc.oneof(
      fc.constantFrom(...Buffer.from('\x1b\x1b[]P_X^;?$>q0149ncm\x07\\\x18\x05 \x00')),
      fc.nat(255),
    );
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 60 }), fc.nat(60), (bytes, at) => {
        const all = Buffer.from(bytes);
        // What may still be held back becomes known.
        const end = Buffer.from('\x18\x1b\\end');
        expect(filtered(all.subarray(0, at), all.subarray(at), end)).toBe(
          filtered(Buffer.concat([all, end])),
        );
      }),
      { numRuns: 1000 },
    );
  });

  it('hands bytes without sequences on as they are', () => {
    const filter = new OutputFilter(new ModeTracker());
    const bytes = Buffer.from('grün, 日本\r\n'.repeat(10));
    expect(filter.push(bytes)).toEqual([bytes]);
    expect(filter.push(bytes)[0]).toBe(bytes);
    const coloured = Buffer.from('\x1b[31mred\x1b[m');
    expect(filter.push(coloured)[0]).toBe(coloured);
  });

  it('keeps control characters that stand within a query', () => {
    expect(filtered('a\x1b[\r\n6nb')).toBe('a\r\nb');
    expect(filtered('a\x1b[3\x071mb')).toBe('a\x1b[3\x071mb');
    expect(filtered('a\x1b[6\x18nb')).toBe('a\x1b[6\x18nb');
    expect(filtered('a\x1b[6\x1b[cb')).toBe('a\x1b[6b');
  });

  it('sees a query that follows a string without a proper end', () => {
    expect(filtered('\x1bPq~~\x1b[cx')).toBe('\x1bPq~~x');
    expect(filtered('\x1b]8;;u\x18\x1b[6nx')).toBe('\x1b]8;;u\x18x');
    expect(filtered('\x1bP$q\x1b[6n\x1b[1mx')).toBe('\x1b[1mx');
  });

  it('lets long strings flow and still finds their end', () => {
    const image = `\x1b]1337;File=inline=1:${'A'.repeat(100_000)}\x07`;
    const filter = new OutputFilter(new ModeTracker());
    const pieces: Buffer[] = [];
    for (let at = 0; at < image.length; at += 1000)
      pieces.push(...filter.push(Buffer.from(image.slice(at, at + 1000))));
    expect(Buffer.concat(pieces).length).toBe(image.length);
    expect(Buffer.concat([...filter.push(Buffer.from('\x1b[6nok'))]).toString()).toBe('ok');
  });

  it('leaves a control sequence out that never ends', () => {
    expect(filtered(`a\x1b[${'1;'.repeat(3000)}`, '5n', 'b')).toBe('ab');
  });

  it('keeps what is set in a list of colours that also asks', () => {
    expect(filtered('\x1b]4;1;?;2;red\x07x')).toBe('\x1b]4;2;red\x1b\\x');
    expect(filtered('\x1b]10;#111;?;#333\x07x')).toBe('\x1b]10;#111\x1b\\\x1b]12;#333\x1b\\x');
  });

  it('saves the title before the first one is set', () => {
    const modes = new ModeTracker();
    const filter = new OutputFilter(modes);
    const first = Buffer.concat([...filter.push(Buffer.from('a\x1b]2;one\x07'))]).toString();
    expect(first).toBe(`a${PUSH_TITLE}\x1b]2;one\x07`);
    expect(Buffer.concat([...filter.push(Buffer.from('\x1b]0;two\x07'))]).toString()).toBe('\x1b]0;two\x07');
    expect(modes.titled).toBe(true);
  });

  it('ends an open string when it is told that something else follows', () => {
    const filter = new OutputFilter(new ModeTracker());
    filter.push(Buffer.from('\x1bPq~~'));
    expect(filter.isInString).toBe(true);
    expect(filter.abort()).toBe('\x18\x1b\\');
    expect(filter.abort()).toBe('');
    filter.push(Buffer.from('\x1b[3'));
    expect(filter.isInString).toBe(false);
    expect(filter.abort()).toBe('');
    expect(Buffer.concat([...filter.push(Buffer.from('1mx'))]).toString()).toBe('1mx');
  });

  it('tells the tracker what was set', () => {
    const modes = new ModeTracker();
    modes.rows = 24;
    new OutputFilter(modes).push(Buffer.from('\x1b[?1049h\x1b[?2004h\x1b[>1u\x1b[6n'));
    expect(modes.alternateScreen).toBe(true);
    expect(modes.extendedKeys).toBe(true);
    expect(modes.undo()).toBe('\x1b[<1u\x1b[?1049l\x1b[?2004l\x0f\x1b[0m');
  });
});
