import headless, { type Terminal } from '@xterm/headless';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ModeTracker } from './mode-tracker.ts';
import { ANSI_MODES, PRIVATE_MODES } from './modes.ts';
import { newScreen, terminalReset } from './reset.ts';

const SIZE = { cols: 20, rows: 6 };

function newTerminal(): Terminal {
  return new headless.Terminal({ ...SIZE, allowProposedApi: true, logLevel: 'off' });
}

function write(terminal: Terminal, data: string): Promise<void> {
  return new Promise(resolve => terminal.write(data, resolve));
}

/** The modes, and how the next characters look and where they go. */
async function behaviour(terminal: Terminal) {
  const { type } = terminal.buffer.active;
  const { modes } = terminal;
  await write(terminal, '\x1b[H\x1b[Jqx\r\nab\x1b[DX\n');
  const buffer = terminal.buffer.active;
  const cursor = [buffer.cursorX, buffer.cursorY];
  // More lines than there are rows: they scroll, unless there is a region.
  await write(terminal, '\r1\r\n2\r\n3\r\n4\r\n5\r\n6');
  const cell = buffer.getLine(buffer.baseY)?.getCell(0);
  return {
    type,
    modes,
    rows: Array.from({ length: SIZE.rows }, (_, row) => row).map(row =>
      buffer.getLine(buffer.baseY + row)?.translateToString(true),
    ),
    look: [cell?.isAttributeDefault(), cell?.isInverse(), cell?.isBold()],
    cursor,
  };
}

/** Sequences that change how a terminal goes on. */
const change = fc.oneof(
  fc
    .tuple(fc.constantFrom(...PRIVATE_MODES.keys(), 47, 1047, 1049), fc.constantFrom('h', 'l'))
    .map(([mode, final]) => `\x1b[?${mode}${final}`),
  fc
    .tuple(fc.constantFrom(...ANSI_MODES.keys()), fc.constantFrom('h', 'l'))
    .map(([mode, final]) => `\x1b[${mode}${final}`),
  fc.constantFrom('\x1b[2;4r', '\x1b[r', '\x1b[31;7m', '\x1b(0', '\x1b)0\x0e', '\x1b=', '\x1b>', '\x1b[!p'),
  fc.constantFrom('\x1b]8;;http://x/\x1b\\', '\x1b[>1u', '\x1b[>4;2m', '\x1b[4 q', '\x1b7', '\x1b8'),
  fc.constantFrom('text', '\r\n', '\x1b[3;5H', '\x1bc'),
);

describe('terminalReset', () => {
  it('makes any terminal go on like a new one', async () => {
    const expected = await behaviour(newTerminal());
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 12 }), async changes => {
        const terminal = newTerminal();
        await write(terminal, changes.join('') + terminalReset());
        expect(await behaviour(terminal)).toMatchObject({ ...expected, type: 'normal' });
      }),
      { numRuns: 200 },
    );
  });

  it('ends a sequence or a string that was begun', async () => {
    for (const begun of ['\x1b[3', '\x1b]2;ti', '\x1bP$q', '\x1b', '\x1b_G']) {
      const terminal = newTerminal();
      await write(terminal, `${begun}${newScreen()}ok`);
      expect(terminal.buffer.active.getLine(0)?.translateToString(true)).toBe('ok');
    }
  });
});

describe('ModeTracker', () => {
  /** Tells the tracker of each sequence, as the output filter does. */
  function follow(tracker: ModeTracker, text: string): void {
    for (const [, csi = '', final = '', esc, osc] of text.matchAll(
      /\x1b\[([ -?]*)([@-~])|\x1b([()]?[0-Z^-~])|\x1b\](\d+;[^\x1b]*)\x1b\\/g,
    )) {
      if (osc !== undefined) tracker.osc(Number.parseInt(osc, 10), osc.slice(osc.indexOf(';') + 1));
      else if (esc !== undefined) tracker.esc(esc.slice(0, -1), esc.slice(-1));
      else tracker.csi(csi, final);
    }
  }

  it('undoes whatever was set', async () => {
    const expected = await behaviour(newTerminal());
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 12 }), async changes => {
        const tracker = new ModeTracker();
        tracker.rows = SIZE.rows;
        follow(tracker, changes.join(''));
        const terminal = newTerminal();
        await write(terminal, changes.join('') + tracker.undo());
        expect(await behaviour(terminal)).toMatchObject({ ...expected, type: 'normal' });
      }),
      { numRuns: 200 },
    );
  });

  it('takes back the region of the primary screen though that of the other was taken back', async () => {
    const expected = await behaviour(newTerminal());
    for (const end of ['\x1b[r', '\x1b[!p', '\x1b[?1049l\x1b[?1049h\x1b[r']) {
      const tracker = new ModeTracker();
      tracker.rows = SIZE.rows;
      const text = `\x1b[2;4r\x1b[?1049h\x1b[1;3r${end}`;
      follow(tracker, text);
      const terminal = newTerminal();
      await write(terminal, text + tracker.undo());
      expect(await behaviour(terminal)).toMatchObject({ ...expected, type: 'normal' });
    }
  });

  it('says next to nothing when nothing is set', () => {
    const tracker = new ModeTracker();
    tracker.rows = 24;
    follow(tracker, terminalReset());
    follow(tracker, '\x1b[?1049h\x1b[2;4r\x1b[?1049l\x1b[r\x1b[?25l\x1b[?25h\x1b[>1u\x1b[<u\x1b[1;24r');
    expect(tracker.undo()).toBe('\x0f\x1b[0m');
  });

  it('knows when keys come in long forms, on each screen', () => {
    const tracker = new ModeTracker();
    const after = (text: string) => {
      follow(tracker, text);
      return tracker.extendedKeys;
    };
    expect(after('\x1b[>1u')).toBe(true);
    expect(after('\x1b[?1049h')).toBe(false);
    expect(after('\x1b[=5;1u')).toBe(true);
    expect(after('\x1b[=0u')).toBe(false);
    expect(after('\x1b[?1049l')).toBe(true);
    expect(after('\x1b[<u')).toBe(false);
    expect(after('\x1b[>4;1m')).toBe(true);
    expect(after('\x1b[>4m')).toBe(false);
  });

  it('leaves the keyboard stacks of both screens as they were', () => {
    const tracker = new ModeTracker();
    follow(tracker, '\x1b[>1u\x1b[>5u\x1b[?1049h\x1b[>3u');
    expect(tracker.undo()).toBe('\x1b[<1u\x1b[?1049l\x1b[<2u\x0f\x1b[0m');
    expect(tracker.undo()).toBe('\x0f\x1b[0m');
  });

  it('puts colours, progress and title back where they were changed', () => {
    const tracker = new ModeTracker();
    follow(
      tracker,
      '\x1b]2;t\x1b\\\x1b]4;1;red\x1b\\\x1b]11;#000\x1b\\\x1b]12;#fff\x1b\\\x1b]112;\x1b\\\x1b]9;4;1;50\x1b\\',
    );
    expect(tracker.undo()).toBe('\x1b]9;4;0\x1b\\\x1b]104\x1b\\\x1b]111\x1b\\\x1b[23;0t\x0f\x1b[0m');
  });
});
