import headless from '@xterm/headless';

/**
 * The parts of @xterm/headless 6.0 that its public interface does not give and an exact snapshot needs. Every access to
 * them goes through these types; `openTerminal` fails when a member is missing, so that another version can't go wrong
 * silently.
 */

/**
 * What a row shows. Cell `i` is `_data[3i … 3i+2]`: content (codepoint 21 bits, combined flag, width 2 bits), fg, bg with
 * flags. Cells after the end of `_data` are blank.
 */
export interface RowCells {
  readonly _data: Uint32Array;
  readonly _combined: Readonly<Record<number, string>>;
  readonly _extendedAttrs: Readonly<Record<number, XtermExtended | undefined>>;
  readonly length: number;
  readonly isWrapped: boolean;
}

export interface XtermLine extends RowCells {
  readonly _combined: Record<number, string>;
  readonly _extendedAttrs: Record<number, XtermExtended | undefined>;
  isWrapped: boolean;
  resize(cols: number, fill: XtermCell): boolean;
  addCodepointToCell(index: number, codePoint: number, width: number): void;
  setCellFromCodepoint(index: number, codePoint: number, width: number, attributes: XtermAttributes): void;
  insertCells(position: number, count: number, fill: XtermCell): void;
}

export interface XtermExtended {
  /** Bits 0–25 underline colour, 26–28 underline style. */
  _ext: number;
  _urlId: number;
  clone(): XtermExtended;
}

export interface XtermAttributes {
  fg: number;
  bg: number;
  extended: XtermExtended;
  clone(): XtermAttributes;
}

interface XtermCell extends XtermAttributes {
  content: number;
}

export type XtermCharset = Readonly<Record<string, string>> | undefined;

export interface XtermLines {
  readonly length: number;
  maxLength: number;
  readonly isFull: boolean;
  _array: (XtermLine | undefined)[];
  _startIndex: number;
  _length: number;
  get(index: number): XtermLine | undefined;
  set(index: number, line: XtermLine | undefined): void;
  push(line: XtermLine): void;
  trimStart(count: number): void;
}

export interface XtermBuffer {
  lines: XtermLines;
  x: number;
  y: number;
  ybase: number;
  ydisp: number;
  scrollTop: number;
  scrollBottom: number;
  tabs: Record<number, boolean | undefined>;
  savedX: number;
  /** Counted from the first row of the buffer, scrollback included. */
  savedY: number;
  savedCurAttrData: XtermAttributes;
  savedCharset: XtermCharset;
  getNullCell(attributes?: XtermAttributes): XtermCell;
  getBlankLine(attributes: XtermAttributes, isWrapped?: boolean): XtermLine;
  _memoryCleanupQueue: { clear(): void };
}

export interface XtermParams {
  params: Int32Array;
  length: number;
  _subParams: Int32Array;
  _subParamsLength: number;
  _subParamsIdx: Uint16Array;
  _rejectDigits: boolean;
  _rejectSubDigits: boolean;
  _digitIsSub: boolean;
}

/** What the parser calls while it reads an OSC string. `data` holds codepoints. */
export interface XtermOscParser {
  start(): void;
  put(data: Uint32Array, start: number, end: number): void;
  end(success: boolean): void;
  reset(): void;
  dispose(): void;
}

export interface XtermDcsParser {
  hook(ident: number, params: XtermParams): void;
  put(data: Uint32Array, start: number, end: number): void;
  unhook(success: boolean): void;
  reset(): void;
  dispose(): void;
}

export interface XtermParser {
  /** `table[state << 8 | code]` is action (4 bits) and next state (4 bits). One table for all terminals of a thread. */
  _transitions: { readonly table: Uint8Array };
  currentState: number;
  /** Bits 1–2: width of the character that was printed last with nothing after it; 0: none. */
  precedingJoinState: number;
  _params: XtermParams;
  _collect: number;
  _oscParser: XtermOscParser;
  _dcsParser: XtermDcsParser;
  _printHandler(data: Uint32Array, start: number, end: number): void;
}

export interface XtermLinkService {
  registerLink(data: { id?: string; uri: string }): number;
  addLineToLink(link: number, row: number): void;
  getLinkData(link: number): { id?: string; uri: string } | undefined;
}

export interface XtermInputHandler {
  _parser: XtermParser;
  _parseBuffer: Uint32Array;
  _curAttrData: XtermAttributes;
  _windowTitle: string;
  _iconName: string;
  _windowTitleStack: string[];
  _iconNameStack: string[];
  _oscLinkService: XtermLinkService;
  parse(data: Uint8Array): unknown;
  eraseInDisplay(params: XtermParams, selective: boolean): boolean;
  screenAlignmentPattern(): boolean;
  setTitle(title: string): boolean;
  setIconName(name: string): boolean;
  setHyperlink(data: string): boolean;
  onRequestReset(listener: () => void): unknown;
}

export interface XtermPrivateModes {
  applicationCursorKeys: boolean;
  applicationKeypad: boolean;
  bracketedPasteMode: boolean;
  cursorBlink: boolean | undefined;
  cursorStyle: 'block' | 'underline' | 'bar' | undefined;
  origin: boolean;
  reverseWraparound: boolean;
  sendFocus: boolean;
  synchronizedOutput: boolean;
  wraparound: boolean;
}

export interface XtermCore {
  _inputHandler: XtermInputHandler;
  _bufferService: {
    cols: number;
    rows: number;
    buffers: {
      readonly normal: XtermBuffer;
      readonly alt: XtermBuffer;
      readonly active: XtermBuffer;
      _activeBuffer: XtermBuffer;
      _onBufferActivate: { fire(event: { activeBuffer: XtermBuffer; inactiveBuffer: XtermBuffer }): void };
    };
  };
  _charsetService: { charset: XtermCharset; glevel: number; _charsets: XtermCharset[] };
  coreService: {
    isCursorHidden: boolean;
    modes: { insertMode: boolean };
    decPrivateModes: XtermPrivateModes;
  };
  unicodeService: { wcwidth(code: number): number };
  coreMouseService: { activeProtocol: string; activeEncoding: string };
  optionsService: { rawOptions: { scrollback: number; convertEol: boolean; cursorBlink: boolean } };
  registerCsiHandler(id: CsiId, handler: (params: XtermParams) => boolean): unknown;
  registerEscHandler(id: EscId, handler: () => boolean): unknown;
}

export interface CsiId {
  prefix?: string;
  intermediates?: string;
  final: string;
}

export interface EscId {
  intermediates?: string;
  final: string;
}

export interface OpenTerminal {
  readonly core: XtermCore;
  resize(cols: number, rows: number): void;
  /** `handler` gets the parameters; true ends the matter, false passes it on to the terminal. */
  onCsi(id: CsiId, handler: (params: XtermParams) => boolean): void;
  onEsc(id: EscId, handler: () => boolean): void;
  onBell(listener: () => void): void;
  onTitle(listener: (title: string) => void): void;
  onAnswer(listener: (data: string) => void): void;
}

/** Rows of scrollback that the buffer has room for at first; it grows by itself. */
export const INITIAL_SCROLLBACK_ROWS = 64;

/** Codepoints that are parsed in one go. */
export const PARSE_SLICE_BYTES = 65_536;

/** Parsing is synchronous, so all terminals of a thread share one buffer of decoded codepoints. */
const sharedParseBuffer = new Uint32Array(PARSE_SLICE_BYTES);

export function openTerminal(cols: number, rows: number): OpenTerminal {
  const terminal = new headless.Terminal({
    cols,
    rows,
    scrollback: INITIAL_SCROLLBACK_ROWS,
    allowProposedApi: true,
    logLevel: 'off',
    windowOptions: { pushTitle: true, popTitle: true, getWinSizeChars: true },
  });
  const core = coreOf(terminal);
  core._inputHandler._parseBuffer = sharedParseBuffer;
  return {
    core,
    resize: (newCols, newRows) => {
      terminal.resize(newCols, newRows);
      core._bufferService.buffers.normal._memoryCleanupQueue.clear();
      core._bufferService.buffers.alt._memoryCleanupQueue.clear();
    },
    onCsi: (id, handler) => void core.registerCsiHandler(id, handler),
    onEsc: (id, handler) => void core.registerEscHandler(id, handler),
    onBell: listener => void terminal.onBell(listener),
    onTitle: listener => void terminal.onTitleChange(listener),
    onAnswer: listener => void terminal.onData(listener),
  };
}

/** An empty row. */
export function makeLine(
  like: XtermBuffer,
  attributes: XtermAttributes,
  cols: number,
  isWrapped: boolean,
): XtermLine {
  const line = like.getBlankLine(attributes, isWrapped);
  line.resize(cols, like.getNullCell(attributes));
  return line;
}

/** Members that must be there, as paths; `name()` is a function. */
const NEEDED = [
  '_inputHandler._parser._transitions.table',
  '_inputHandler._parser.currentState',
  '_inputHandler._parser.precedingJoinState',
  '_inputHandler._parser._params.params',
  '_inputHandler._parser._params._subParams',
  '_inputHandler._parser._params._subParamsLength',
  '_inputHandler._parser._params._subParamsIdx',
  '_inputHandler._parser._params._rejectDigits',
  '_inputHandler._parser._params._rejectSubDigits',
  '_inputHandler._parser._params._digitIsSub',
  '_inputHandler._parser._collect',
  '_inputHandler._parser._oscParser.put()',
  '_inputHandler._parser._dcsParser.hook()',
  '_inputHandler._parser._printHandler()',
  '_inputHandler._parseBuffer',
  '_inputHandler._curAttrData.extended._ext',
  '_inputHandler._curAttrData.extended._urlId',
  '_inputHandler._windowTitle',
  '_inputHandler._iconName',
  '_inputHandler._windowTitleStack',
  '_inputHandler._iconNameStack',
  '_inputHandler._oscLinkService.registerLink()',
  '_inputHandler.parse()',
  '_inputHandler.eraseInDisplay()',
  '_inputHandler.screenAlignmentPattern()',
  '_inputHandler.setTitle()',
  '_inputHandler.setIconName()',
  '_inputHandler.setHyperlink()',
  '_inputHandler.onRequestReset()',
  '_bufferService.cols',
  '_bufferService.buffers.alt.lines',
  '_bufferService.buffers._activeBuffer',
  '_bufferService.buffers._onBufferActivate.fire()',
  '_bufferService.buffers.normal.x',
  '_bufferService.buffers.normal.ybase',
  '_bufferService.buffers.normal.scrollTop',
  '_bufferService.buffers.normal.scrollBottom',
  '_bufferService.buffers.normal.tabs',
  '_bufferService.buffers.normal.savedX',
  '_bufferService.buffers.normal.savedY',
  '_bufferService.buffers.normal.savedCurAttrData.fg',
  '_bufferService.buffers.normal.getNullCell()',
  '_bufferService.buffers.normal.getBlankLine()',
  '_bufferService.buffers.normal._memoryCleanupQueue.clear()',
  '_bufferService.buffers.normal.lines._array',
  '_bufferService.buffers.normal.lines._startIndex',
  '_bufferService.buffers.normal.lines._length',
  '_bufferService.buffers.normal.lines.isFull',
  '_bufferService.buffers.normal.lines.maxLength',
  '_bufferService.buffers.normal.lines.set()',
  '_bufferService.buffers.normal.lines.trimStart()',
  '_charsetService._charsets',
  '_charsetService.glevel',
  'registerCsiHandler()',
  'registerEscHandler()',
  'coreService.isCursorHidden',
  'coreService.modes.insertMode',
  'coreService.decPrivateModes.wraparound',
  'coreService.decPrivateModes.synchronizedOutput',
  'unicodeService.wcwidth()',
  'coreMouseService.activeProtocol',
  'coreMouseService.activeEncoding',
  'optionsService.rawOptions.scrollback',
  'optionsService.rawOptions.convertEol',
  'optionsService.rawOptions.cursorBlink',
];

let checked = false;

function coreOf(terminal: object): XtermCore {
  const core: unknown = Reflect.get(terminal, '_core');
  if (!checked) {
    const missing = NEEDED.filter(path => !has(core, path));
    const line = valueAt(core, ['_bufferService', 'buffers', 'normal', 'lines', '_array', '0']);
    missing.push(
      ...[
        '_data',
        '_combined',
        '_extendedAttrs',
        'isWrapped',
        'resize()',
        'addCodepointToCell()',
        'setCellFromCodepoint()',
        'insertCells()',
      ].filter(name => !has(line, name)),
    );
    if (missing.length > 0) {
      throw new Error(`This version of @xterm/headless has no ${missing.join(', ')}; version 6.0 is needed.`);
    }
    checked = true;
  }
  return core as XtermCore;
}

function has(root: unknown, path: string): boolean {
  const isFunction = path.endsWith('()');
  const value = valueAt(root, (isFunction ? path.slice(0, -2) : path).split('.'));
  return isFunction ? typeof value === 'function' : value !== undefined;
}

function valueAt(root: unknown, path: readonly string[]): unknown {
  let value = root;
  for (const name of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, name);
  }
  return value;
}
