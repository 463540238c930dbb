import { BG_PROTECTED } from './cells.ts';
import { CSI, ST } from './pen.ts';
import { sgrParams } from './sgr.ts';
import type { OpenTerminal, XtermCore } from './xterm-internals.ts';

/** Answers of XTGETTCAP: those programs decide by. */
const CAPABILITIES: Readonly<Record<string, string>> = {
  TN: 'xterm-256color',
  name: 'xterm-256color',
  Co: '256',
  colors: '256',
  RGB: '8/8/8',
};
const MAX_CAPABILITIES = 64;

/**
 * Answers to questions about the terminal that xterm.js lacks or gets wrong: device attributes of a VT220 with colours, the
 * name, the cursor's place (not beyond the last column; within the margins in origin mode).
 */
export function answerStatus(terminal: OpenTerminal, answer: (data: string) => void): void {
  const { core } = terminal;
  const onPlain = (id: { prefix?: string; final: string }, data: string) => {
    terminal.onCsi(id, params => {
      if ((params.params[0] ?? 0) === 0) answer(data);
      return true;
    });
  };
  onPlain({ final: 'c' }, `${CSI}?62;22c`);
  onPlain({ prefix: '=', final: 'c' }, `\x1bP!|00000000${ST}`);
  onPlain({ prefix: '>', final: 'q' }, `\x1bP>|triterm${ST}`);
  const cursorReport = (prefix: string) => {
    terminal.onCsi({ ...(prefix === '' ? {} : { prefix }), final: 'n' }, params => {
      if (params.params[0] !== 6) return false;
      const { buffers, cols } = core._bufferService;
      const { x, y, scrollTop } = buffers.active;
      const top = core.coreService.decPrivateModes.origin ? scrollTop : 0;
      answer(`${CSI}${prefix}${y - top + 1};${Math.min(x + 1, cols)}R`);
      return true;
    });
  };
  cursorReport('');
  cursorReport('?');
}

/** Answers to a DCS: DECRQSS and XTGETTCAP. `name` is intermediates and final byte. */
export function answerDcs(core: XtermCore, name: string, text: string, answer: (data: string) => void): void {
  if (name === '$q') {
    const setting = settingOf(core, text);
    answer(setting === undefined ? `\x1bP0$r${ST}` : `\x1bP1$r${setting}${text}${ST}`);
  } else if (name === '+q') {
    for (const key of text.split(';', MAX_CAPABILITIES)) answer(capability(key));
  }
}

function settingOf(core: XtermCore, text: string): string | undefined {
  const { fg, bg, extended } = core._inputHandler._curAttrData;
  const { scrollTop, scrollBottom } = core._bufferService.buffers.active;
  switch (text) {
    case 'm':
      return sgrParams(fg, bg, extended._ext);
    case 'r':
      return `${scrollTop + 1};${scrollBottom + 1}`;
    case ' q':
      return String(cursorStyle(core) || (core.optionsService.rawOptions.cursorBlink ? 1 : 2));
    case '"q':
      return bg & BG_PROTECTED ? '1' : '0';
    case '"p':
      return '62;1';
    default:
      return undefined;
  }
}

/** Parameter of DECSCUSR; 0: none was chosen. */
export function cursorStyle(core: XtermCore): number {
  const { cursorStyle: style, cursorBlink } = core.coreService.decPrivateModes;
  if (style === undefined) return 0;
  return { block: 2, underline: 4, bar: 6 }[style] - (cursorBlink ? 1 : 0);
}

function capability(key: string): string {
  const isHex = /^(?:[0-9a-f]{2}){1,32}$/i.test(key);
  const name = isHex ? Buffer.from(key, 'hex').toString('latin1') : '';
  const value = Object.hasOwn(CAPABILITIES, name) ? CAPABILITIES[name] : undefined;
  if (value === undefined) return `\x1bP0+r${isHex ? key : ''}${ST}`;
  return `\x1bP1+r${key}=${Buffer.from(value, 'latin1').toString('hex')}${ST}`;
}
