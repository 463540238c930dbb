import { hostname } from 'node:os';
import { TermError } from '@triterm/core/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TerminalModel } from './terminal-model.ts';
import { randomOutput } from './testing/random-stream.ts';
import { TellingListener } from './testing/telling-listener.ts';

function open(
  cols = 20,
  rows = 5,
): { model: TerminalModel; told: TellingListener; write(text: string): void } {
  const told = new TellingListener();
  const model = new TerminalModel({ cols, rows, listener: told });
  return { model, told, write: text => model.write(Buffer.from(text)) };
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe('answers', () => {
  it.each([
    ['\x1b[c', '\x1b[?62;22c'],
    ['\x1b[0c', '\x1b[?62;22c'],
    ['\x1b[>c', '\x1b[>0;276;0c'],
    ['\x1b[=c', '\x1bP!|00000000\x1b\\'],
    ['\x1b[>q', '\x1bP>|triterm\x1b\\'],
    ['\x1b[5n', '\x1b[0n'],
    ['ab\x1b[6n', '\x1b[1;3R'],
    ['ab\x1b[?6n', '\x1b[?1;3R'],
    ['\x1b[18t', '\x1b[8;5;20t'],
    ['\x1b[?u', '\x1b[?0u'],
    ['\x1b[>5u\x1b[?u', '\x1b[?5u'],
    ['\x1b[>4;2m\x1b[?4m', '\x1b[>4;2m'],
    ['\x1b[?25$p', '\x1b[?25;1$y'],
    ['\x1b[?2026h\x1b[?2026$p', '\x1b[?2026;1$y'],
    ['\x1b[4$p', '\x1b[4;2$y'],
    ['\x1b[?9999$p', '\x1b[?9999;0$y'],
    ['\x1b[1;4:3;38;5;9m\x1bP$qm\x1b\\', '\x1bP1$r0;1;4:3;38;5;9m\x1b\\'],
    ['\x1b[2;4r\x1bP$qr\x1b\\', '\x1bP1$r2;4r\x1b\\'],
    ['\x1b[5 q\x1bP$q q\x1b\\', '\x1bP1$r5 q\x1b\\'],
    ['\x1b[1"q\x1bP$q"q\x1b\\', '\x1bP1$r1"q\x1b\\'],
    ['\x1bP$qz\x1b\\', '\x1bP0$r\x1b\\'],
    ['\x1bP+q436f\x1b\\', '\x1bP1+r436f=323536\x1b\\'],
    ['\x1bP+q7a7a\x1b\\', '\x1bP0+r7a7a\x1b\\'],
  ])('%j with %j', (query, answer) => {
    const { told, write } = open();
    write(query);
    expect(told.answers()).toEqual([answer]);
  });

  it('says that the cursor is in the last column when the next character wraps', () => {
    const { told, write } = open(5, 2);
    write('abcde\x1b[6n');
    expect(told.answers()).toEqual(['\x1b[1;5R']);
  });

  it('counts the cursor from the margin in origin mode', () => {
    const { told, write } = open();
    write('\x1b[2;4r\x1b[?6h\x1b[6n');
    expect(told.answers()).toEqual(['\x1b[1;1R']);
  });

  it('tells colours that the program set or a client told, in the form of the question, and is silent about others', () => {
    const { model, told, write } = open();
    write('\x1b]10;?\x07\x1b]4;1;?\x07');
    expect(told.answers()).toEqual([]);
    model.setColours({ foreground: '#ffffff', background: 'rgb:0/80/ff' });
    write('\x1b]10;?;?\x07\x1b]4;1;#102030;2;?\x07\x1b]4;1;?\x1b\\\x1b]12;red\x07\x1b]12;?\x07');
    expect(told.answers()).toEqual([
      '\x1b]10;rgb:ffff/ffff/ffff\x07',
      '\x1b]11;rgb:0000/8080/ffff\x07',
      '\x1b]4;1;rgb:1010/2020/3030\x1b\\',
    ]);
  });

  it('asks and answers nothing in what it paints', () => {
    fc.assert(
      fc.property(randomOutput, stream => {
        const { model } = open();
        model.write(stream);
        const client = open();
        client.model.write(model.paint({ history: [] }));
        expect(client.told.answers()).toEqual([]);
      }),
    );
  });
});

describe('what is told', () => {
  it.each([
    ['\x1b]2;a title\x07', ['title a title']],
    ['\x1b]0;both\x1b\\', ['title both']],
    ['\x1b]2;one\x07\x1b[22t\x1b]2;two\x07\x1b[23t', ['title one', 'title two', 'title one']],
    ['\x1b]7;file:///home/a%20b\x07', ['cwd /home/a b']],
    [`\x1b]7;file://${hostname()}/x\x07`, ['cwd /x']],
    ['\x1b]7;file://elsewhere.example/x\x07\x1b]7;http://x/y\x07\x1b]7;file:///a%0Ab\x07', []],
    ['\x07', ['bell']],
    ['\x1b]9;done\x07', ['notification done']],
    ['\x1b]9;4;1;50\x07', []],
    ['\x1b]777;notify;Title;the body\x07', ['notification Title: the body']],
    [
      '\x1b]99;i=1:d=0;Hel\x07\x1b]99;i=1:d=0;lo\x07\x1b]99;i=1:p=body;there\x07',
      ['notification Hello: there'],
    ],
    ['\x1b]99;e=1;aGk=\x07', ['notification hi']],
    ['\x1b]133;A\x07\x1b]133;B\x07', ['mark {"kind":"promptStart"}', 'mark {"kind":"promptEnd"}']],
    ['\x1b]133;C;cmdline_url=ls%20-l\x07', ['mark {"kind":"commandStarted","command":"ls -l"}']],
    [
      "\x1b]133;C;cmdline=echo\\ a\\ $'b\\nc'\x07",
      ['mark {"kind":"commandStarted","command":"echo a b\\nc"}'],
    ],
    [
      '\x1b]133;D;130\x07\x1b]133;D\x07',
      ['mark {"kind":"commandFinished","exitCode":130}', 'mark {"kind":"commandFinished","exitCode":null}'],
    ],
    ['\x1b[3J\x1bc', ['historyCleared', 'historyCleared']],
    ['\x1b]2;cut off\x18\x1b]52;c;YQ==\x07\x1b]133;Z\x07', []],
  ])('%j tells %j', (stream, events) => {
    const { told, write } = open();
    write(stream);
    expect(told.events()).toEqual(events);
  });

  it('is the same wherever the stream is divided', () => {
    fc.assert(
      fc.property(
        randomOutput,
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        (stream, lengths) => {
          const whole = open();
          whole.model.write(stream);
          const divided = open();
          for (let from = 0, turn = 0; from < stream.length; turn += 1) {
            const length = lengths[turn % lengths.length] ?? 1;
            divided.model.write(stream.subarray(from, from + length));
            from += length;
          }
          expect(divided.told.all).toEqual(whole.told.all);
          expect(text(divided.model.paint({ history: [] }))).toBe(text(whole.model.paint({ history: [] })));
        },
      ),
    );
  });
});

describe('rows and lines', () => {
  it('joins rows that wrapped, above the screen and on it', () => {
    const { model, write } = open(5, 3);
    write('abcdefgh\r\nshort\r\n\x1b[31mred and\x1b[0m more\r\nend');
    expect(model.scrollback()).toEqual(['abcdefgh', 'short', '\x1b[0;31mred a\x1b[0m']);
    expect(model.screenLines(false)).toEqual(['nd more', 'end']);
    expect(model.screenRows(true)).toEqual(['\x1b[0;31mnd\x1b[0m mo', 're', 'end']);
    expect(model.lineCounts()).toEqual([0, 1, 1, 2, 3]);
  });

  it('gives its oldest lines away as a whole', () => {
    const { model, write } = open(5, 2);
    write('abcdefgh\r\nsecond\r\nthird\r\n4\r\n5');
    expect(model.scrollbackRows).toBe(5);
    expect(model.takeLines(2)).toEqual(['abcdefgh']);
    expect(model.scrollbackRows).toBe(3);
    expect(model.takeLines(0)).toEqual(['second', 'third']);
    expect(model.scrollback()).toEqual([]);
    expect(model.screenRows(false)).toEqual(['4', '5']);
  });

  it('divides a line that is longer than is reasonable', () => {
    const { model, write } = open(5, 2);
    write('x'.repeat(5 * 3000));
    const [first, ...more] = model.takeLines(10);
    expect(more).toEqual([]);
    expect(first?.length).toBe(5 * (3000 - 2 - 10));
    expect(model.scrollback()).toEqual(['x'.repeat(50)]);
  });

  it('counts what it drops', () => {
    const { model, write } = open(10, 3);
    for (let line = 0; line < 5000; line += 1) write(`line ${line} is long\r\n`);
    const above = model.lineCounts().at(-1) ?? 0;
    expect(model.dropLines(100)).toBe(above - 100);
    expect(model.scrollback()[0]).toMatch(/^line 4899 /);
    expect(model.dropLines(100)).toBe(0);
  });

  it('keeps every row of a flood until told, and says when there are many', () => {
    const { model, told, write } = open(80, 24);
    const lines = Array.from({ length: 60_000 }, (_, at) => `number ${at}: ${'.'.repeat(at % 60)}`);
    write(`${lines.join('\r\n')}\r\n`);
    expect(told.events()).toContain('rowsPiledUp');
    expect([...model.scrollback(), ...model.screenLines(false)]).toEqual([...lines, '']);
  });

  it('keeps the links of every row, and forgets those that no row shows', () => {
    const { model, write } = open(10, 3);
    for (let line = 0; line < 3000; line += 1) write(`\x1b]8;;http://${line}\x07link\x1b]8;;\x07\r\n`);
    const restored = TerminalModel.restore(model.checkpoint(), new TellingListener());
    const links = (one: TerminalModel) => one.scrollback().map(line => /http:\/\/(\d+)/.exec(line)?.[1]);
    expect(links(restored)).toEqual(Array.from({ length: 2998 }, (_, at) => String(at)));
    expect(links(model)).toEqual(links(restored));
    const bytes = model.checkpoint().length;
    for (const one of [model, restored]) one.takeLines(0);
    expect(model.checkpoint().length).toBeLessThan(bytes / 20);
    expect(Buffer.from(restored.checkpoint())).toEqual(Buffer.from(model.checkpoint()));
  });

  it('pulls rows back when the screen grows, however many there are', () => {
    const { model, write } = open(10, 4);
    for (let line = 0; line < 600; line += 1) write(`${line}\r\n`);
    model.resize(10, 40);
    expect(model.screenRows(false).slice(0, 2)).toEqual(['561', '562']);
    model.resize(4, 4);
    model.resize(30, 4);
    expect([...model.scrollback(), ...model.screenLines(false)].slice(0, 600)).toEqual(
      Array.from({ length: 600 }, (_, at) => String(at)),
    );
  });

  it('gives a part of a row for a window, with halves of wide characters as blanks', () => {
    const { model, write } = open(10, 1);
    write('a\x1b[44m世b\x1b[0m \x1b[4mc\x1b[m  ');
    expect(model.rowAnsi(0, 0, 10)).toBe('a\x1b[0;44m世b\x1b[0m \x1b[0;4mc\x1b[0m  ');
    expect(model.rowAnsi(0, 2, 5)).toBe('\x1b[0;44m b\x1b[0m ');
    expect(model.rowAnsi(0, 0, 2)).toBe('a\x1b[0;44m \x1b[0m');
    expect(model.rowAnsi(7, 0, 2)).toBe('');
  });

  it('knows cursor, screen and title', () => {
    const { model, write } = open(5, 3);
    write('\x1b]2;t\x07\x1b[?1049h\x1b[?25l\x1b[2;1Habcde');
    expect(model.cursor).toEqual({ row: 1, col: 4, visible: false });
    expect(model.alternateScreen).toBe(true);
    expect(model.title).toBe('t');
    expect(model.screenRows(false)).toEqual(['', 'abcde', '']);
  });

  it('names the modes in which input differs', () => {
    const { model, write } = open();
    expect(model.inputModes).toBe('');
    write('\x1b[?1002;1006;1004;2004;1h\x1b=\x1b[>4;1m\x1b[>1u\x1b[4 q');
    expect(model.inputModes).toBe(
      '\x1b[?1002h\x1b[?1006h\x1b[?1004h\x1b[?2004h\x1b[?1h\x1b=\x1b[>4;1m\x1b[4 q\x1b[=1;1u',
    );
  });
});

describe('hostile output', () => {
  it('is survived, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.uint8Array({ maxLength: 200 }), randomOutput)), streams => {
        const { model } = open(7, 4);
        for (const stream of streams) model.write(stream);
        model.resize(3, 9);
        TerminalModel.restore(model.checkpoint(), new TellingListener()).paint({
          history: model.scrollback(),
        });
        model.screenLines(true);
      }),
    );
  });

  it('is done with at once, whatever the parameters', () => {
    const { model, write } = open(200, 60);
    const huge = '2147483647';
    for (const final of 'ABCDEFGHIJKLMPSTXZ@`abdefghlmnrstu') write(`x\x1b[${huge};${huge}${final}`);
    for (const rest of [' @', ' A', "'}", "'~", ' q', '"q', '$p', '!p']) write(`x\x1b[${huge}${rest}`);
    write(`\x1b[${'1;'.repeat(100_000)}m\x1b[${'9'.repeat(100_000)}b`);
    expect(model.checkpoint().length).toBeLessThan(1_000_000);
  });

  it('takes no memory without bound', () => {
    const { model, write } = open(80, 24);
    const long = 'y'.repeat(1_000_000);
    write(`a${'\u0301'.repeat(1_000_000)}`);
    write(`\x1b]2;${long}`);
    write(long);
    expect(model.checkpoint().length).toBeLessThan(100_000);
    write(`\x07\x1bP$q${long}\x1b\\\x1bPq${long}\x1b\\\x1b_${long}\x1b\\`);
    for (let at = 0; at < 300; at += 1) {
      write(
        `\x1b]2;${'t'.repeat(60_000)}\x07\x1b[22t\x1b[>1u\x1b]8;id=${at};http://${at}\x07\x1b]4;${at};#123\x07\x1bH`,
      );
    }
    expect(model.checkpoint().length).toBeLessThan(400_000);
    expect(model.title).toHaveLength(4096);
  });

  it('ends a string that is too long where it ends', () => {
    const { model, write } = open();
    write(`\x1bPq${'#'.repeat(100_000)}`);
    const client = open();
    client.model.write(model.paint({ history: [] }));
    for (const one of [model, client.model]) one.write(Buffer.from('more\x1b\\after'));
    expect(model.screenRows(false)[0]).toBe('after');
    expect(client.model.screenRows(false)[0]).toBe('after');
  });
});

describe('a damaged state', () => {
  it('is refused, or makes a model that works', () => {
    const { model, write } = open(8, 3);
    write(
      'one\r\ntwo \x1b[4:3;58:5:1m世界\x1b]8;;http://x\x07link\x1b[?1049halt é\u0301\x1b]2;title\x07\x1bP$q',
    );
    const state = model.checkpoint();
    fc.assert(
      fc.property(fc.nat(state.length - 1), fc.nat(255), fc.boolean(), (at, value, cuts) => {
        const damaged = state.slice(0, cuts ? at : undefined);
        if (!cuts) damaged[at] = value;
        // A size of millions of cells would be right, and slow to make.
        if (!cuts && at > 0 && at < 9) return;
        try {
          const restored = TerminalModel.restore(damaged, new TellingListener());
          restored.paint({ history: restored.scrollback() });
          restored.write(Buffer.from('\x1b[2Jtext\x1b8\x1b[?1049l\r\n\r\n\r\n\x1b[3J'));
          restored.resize(4, 4);
          restored.checkpoint();
        } catch (error) {
          expect(error).toBeInstanceOf(TermError);
          expect(error).toMatchObject({ code: 'STORE_CORRUPT' });
        }
      }),
      { numRuns: 1000 },
    );
  });
});
