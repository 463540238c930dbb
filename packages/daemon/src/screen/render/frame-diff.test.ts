import xterm, { type Terminal } from '@xterm/headless';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Frame, type FrameSource, takeFrame } from './frame.ts';
import { frameDiff } from './frame-diff.ts';
import { Views } from './views.ts';

const WINDOW = { cols: 12, rows: 6 };

/** A screen whose cells are words with attributes, one character a cell. */
interface Cell {
  readonly text: string;
  readonly sgr: string;
}

function source(
  cells: Cell[][],
  cursor: FrameSource['cursor'],
  rest: Partial<FrameSource> = {},
): FrameSource {
  return {
    cols: cells[0]?.length ?? 1,
    rows: cells.length,
    cursor,
    alternateScreen: false,
    title: '',
    inputModes: '',
    rowAnsi: (row, from, to) => {
      const part = (cells[row] ?? []).slice(from, to);
      const last = part.findLastIndex(cell => cell.text !== ' ' || cell.sgr !== '');
      return part
        .slice(0, last + 1)
        .map(cell => (cell.sgr === '' ? cell.text : `\x1b[${cell.sgr}m${cell.text}\x1b[0m`))
        .join('');
    },
    ...rest,
  };
}

const arbitraryCell = fc.record({
  text: fc.constantFrom('a', 'b', ' ', ' ', ' ', 'Z'),
  sgr: fc.constantFrom('', '', '31', '1;4', '48;5;20'),
});

const arbitrarySource = fc
  .record({ cols: fc.integer({ min: 1, max: 20 }), rows: fc.integer({ min: 1, max: 10 }) })
  .chain(({ cols, rows }) =>
    fc
      .record({
        cells: fc.array(fc.array(arbitraryCell, { minLength: cols, maxLength: cols }), {
          minLength: rows,
          maxLength: rows,
        }),
        row: fc.nat(rows - 1),
        col: fc.nat(cols),
        visible: fc.boolean(),
        alternateScreen: fc.boolean(),
        inputModes: fc.constantFrom('', '\x1b[?2004h', '\x1b[?1003h\x1b[?1006h\x1b[?1h'),
      })
      .map(({ cells, row, col, visible, alternateScreen, inputModes }) =>
        source(cells, { row, col, visible }, { alternateScreen, inputModes }),
      ),
  );

function client(): Terminal {
  return new xterm.Terminal({ ...WINDOW, allowProposedApi: true });
}

function feed(terminal: Terminal, data: string | Uint8Array): Promise<void> {
  return new Promise(resolve => terminal.write(data, resolve));
}

/** Everything that can be seen, and the modes in which input differs. */
function look(terminal: Terminal) {
  const buffer = terminal.buffer.active;
  const rows = Array.from({ length: WINDOW.rows }, (_, y) => {
    const line = buffer.getLine(buffer.baseY + y);
    return Array.from({ length: WINDOW.cols }, (_, x) => {
      const cell = line?.getCell(x);
      if (cell === undefined) return '';
      const colours = [cell.getFgColorMode(), cell.getFgColor(), cell.getBgColorMode(), cell.getBgColor()];
      return [cell.getChars() || ' ', ...colours, cell.isBold(), cell.isUnderline(), cell.isDim()].join();
    });
  });
  const { applicationCursorKeysMode, bracketedPasteMode, mouseTrackingMode } = terminal.modes;
  return {
    rows,
    cursor: [buffer.cursorX, buffer.cursorY],
    type: buffer.type,
    applicationCursorKeysMode,
    bracketedPasteMode,
    mouseTrackingMode,
  };
}

describe('frames', () => {
  it('shows the same by differences as by painting everything', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(arbitrarySource, { minLength: 1, maxLength: 8 }), async sources => {
        const followed = client();
        // Whatever a program left behind must not disturb the first frame.
        await feed(followed, '\x1b[?6h\x1b[2;4r\x1b[4h\x1b(0\x1b[7mrubbish\x1b[?1003h\x1b[?1h');
        let last: Frame | undefined;
        for (const next of sources) {
          const frame = takeFrame(next, WINDOW, last?.viewport ?? { top: 0, left: 0 });
          await feed(followed, frameDiff(last, frame));
          const fresh = client();
          await feed(fresh, frameDiff(undefined, frame));
          expect(look(followed)).toEqual(look(fresh));
          last = frame;
        }
      }),
      { numRuns: 100 },
    );
  });

  it('holds nothing when nothing changed, and little when a line did', () => {
    const cells = (text: string) =>
      Array.from({ length: 6 }, () => [...text].map(char => ({ text: char, sgr: '' })));
    const views = new Views();
    const cursor = { row: 0, col: 0, visible: true };
    const full = views.render('a', source(cells('hello world!'), cursor), WINDOW, true);
    expect(full.length).toBeGreaterThan(70);
    expect(views.render('a', source(cells('hello world!'), cursor), WINDOW, false)).toHaveLength(0);
    const changed = cells('hello world!');
    changed[3] = [...'other text  '].map(char => ({ text: char, sgr: '' }));
    const diff = views.render('a', source(changed, cursor), WINDOW, false);
    expect(diff.length).toBeLessThan(70);
    expect(diff.length).toBeGreaterThan(10);
  });

  it('sends everything to a view that was dropped or asks for it', () => {
    const shown = source([[{ text: 'x', sgr: '' }]], { row: 0, col: 0, visible: true });
    const views = new Views();
    const full = views.render('a', shown, WINDOW, false);
    expect(views.render('a', shown, WINDOW, true)).toEqual(full);
    views.drop('a');
    expect(views.render('a', shown, WINDOW, false)).toEqual(full);
  });

  it('marks what lies outside of a smaller screen', async () => {
    const shown = source([[{ text: 'x', sgr: '' }]], { row: 0, col: 0, visible: true });
    const terminal = client();
    await feed(terminal, new Views().render('a', shown, WINDOW, true));
    const row = (y: number) => terminal.buffer.active.getLine(y)?.translateToString();
    expect(row(0)).toBe('x···········');
    expect(row(5)).toBe('············');
  });
});
