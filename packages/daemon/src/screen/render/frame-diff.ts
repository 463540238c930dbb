import { sameSize } from '@triterm/core/domain';
import type { Frame } from './frame.ts';

const CSI = '\x1b[';
const BEGIN = `${CSI}?2026h${CSI}?25l`;
const END = `${CSI}?2026l`;
/** Drawing at absolute positions needs: no origin mode, no margins, no insertion, ASCII in G0, default attributes. */
const NEUTRAL = `${CSI}?6l${CSI}?69l${CSI}r${CSI}4l\x0f\x1b(B${CSI}0m`;
/** What `inputModes` may have set: mouse, focus, paste, keys and keypad, cursor shape. */
const PLAIN_INPUT = `${CSI}?9l${CSI}?1000l${CSI}?1002l${CSI}?1003l${CSI}?1004l${CSI}?1005l${CSI}?1006l${CSI}?1015l${CSI}?1016l${CSI}?2004l${CSI}?1l\x1b>${CSI}>4m${CSI}=0u${CSI}0 q`;
/** Where the session's screen ends within a larger window. */
const OUTSIDE = '·';

/**
 * The bytes, as a string, that turn a client's screen from one frame into the next; empty when they are alike. Without a previous frame the
 * client's screen may hold anything.
 */
export function frameDiff(previous: Frame | undefined, next: Frame): string {
  const base = previous !== undefined && isSameSurface(previous, next) ? previous : undefined;
  const body = base === undefined ? surface(next) : '';
  const drawn = drawRows(base, next) + modes(base, next);
  if (base !== undefined && drawn === '' && sameCursor(base, next)) return '';
  return BEGIN + body + drawn + cursor(next) + END;
}

function isSameSurface(a: Frame, b: Frame): boolean {
  return (
    sameSize(a.window, b.window) &&
    a.alternateScreen === b.alternateScreen &&
    a.screenCols === b.screenCols &&
    a.rows.length === b.rows.length
  );
}

/** An empty surface of the right kind, with everything outside of the session's screen drawn. */
function surface(frame: Frame): string {
  const alternate = `${CSI}?1049${frame.alternateScreen ? 'h' : 'l'}`;
  let out = `${NEUTRAL}${alternate}${NEUTRAL}${CSI}H${CSI}2J`;
  const outsideCols = frame.window.cols - frame.screenCols;
  out += `${CSI}2m`;
  for (let row = 0; row < frame.window.rows; row += 1) {
    const isBelow = row >= frame.rows.length;
    const from = isBelow ? 0 : frame.screenCols;
    if (isBelow || outsideCols > 0) out += at(row, from) + OUTSIDE.repeat(frame.window.cols - from);
  }
  return `${out}${CSI}0m`;
}

function drawRows(base: Frame | undefined, next: Frame): string {
  let out = '';
  for (const [row, content] of next.rows.entries()) {
    if ((base?.rows[row] ?? '') === content) continue;
    const erase = next.screenCols === next.window.cols ? `${CSI}K` : `${CSI}${next.screenCols}X`;
    out += `${at(row, 0)}${base === undefined ? '' : erase}${content}${CSI}0m`;
  }
  return out;
}

function modes(base: Frame | undefined, next: Frame): string {
  let out = '';
  if (base?.inputModes !== next.inputModes) out += PLAIN_INPUT + next.inputModes;
  // No control character can be in a title that a terminal took; cutting them costs nothing.
  if ((base?.title ?? '') !== next.title)
    out += `\x1b]2;${next.title.replace(/[\x00-\x1f\x7f-\x9f]/g, '')}\x1b\\`;
  return out;
}

function cursor(frame: Frame): string {
  const { row, col, visible } = frame.cursor;
  return at(row, col) + (visible ? `${CSI}?25h` : '');
}

function sameCursor(a: Frame, b: Frame): boolean {
  return (
    a.cursor.row === b.cursor.row && a.cursor.col === b.cursor.col && a.cursor.visible === b.cursor.visible
  );
}

function at(row: number, col: number): string {
  return `${CSI}${row + 1};${col + 1}H`;
}
