import { readBuffer, readLine, writeBuffer, writeLine } from './buffer-state.ts';
import { ByteReader, ByteWriter, damaged } from './byte-codec.ts';
import { charsetFinal, charsetOf } from './charsets.ts';
import type { Colours } from './colours.ts';
import type { KeyboardModes } from './keyboard-modes.ts';
import type { LinkTable } from './links.ts';
import type { Notifications } from './notifications.ts';
import { readParser, writeParser } from './parser-state.ts';
import type { PassedModes } from './passed-modes.ts';
import type { RowsAbove } from './rows-above.ts';
import type { DcsCollector, OscCollector } from './string-collectors.ts';
import type { XtermCore } from './xterm-internals.ts';

/** What a model is made of. */
export interface ModelParts {
  readonly core: XtermCore;
  readonly above: RowsAbove;
  readonly osc: OscCollector;
  readonly dcs: DcsCollector;
  readonly links: LinkTable;
  readonly keyboard: KeyboardModes;
  readonly passed: PassedModes;
  readonly colours: Colours;
  readonly notifications: Notifications;
}

const VERSION = 1;
const MAX_SIZE = 4096;
const MAX_ROWS = 1 << 26;
const MAX_TITLE_BYTES = 65_536;
const MAX_TITLES = 10;
const MAX_UTF8_BYTES = 3;

const CURSOR_STYLES = [undefined, 'block', 'underline', 'bar'] as const;
const MOUSE_PROTOCOLS = ['NONE', 'X10', 'VT200', 'DRAG', 'ANY'];
const MOUSE_ENCODINGS = ['DEFAULT', 'SGR', 'SGR_PIXELS'];
const FLAGS = [
  'applicationCursorKeys',
  'applicationKeypad',
  'bracketedPasteMode',
  'origin',
  'reverseWraparound',
  'sendFocus',
  'synchronizedOutput',
  'wraparound',
] as const;

/** Version and size come first. `unfinished`: bytes of a character that is not complete. */
export function writeState(parts: ModelParts, unfinished: Uint8Array): Uint8Array {
  const { core } = parts;
  const { cols, rows, buffers } = core._bufferService;
  const writer = new ByteWriter();
  writer.u8(VERSION);
  writer.u32(cols);
  writer.u32(rows);
  const archived = parts.above.slice(0, parts.above.archivedRows);
  writer.list(archived, archived.length, row => writeLine(writer, row));
  writeBuffer(writer, buffers.normal);
  writeBuffer(writer, buffers.alt);
  writer.flag(buffers.active === buffers.alt);
  writeAttributes(writer, core);
  writeModes(writer, core);
  writeTitles(writer, core);
  parts.links.write(writer);
  parts.keyboard.write(writer);
  parts.passed.write(writer);
  parts.colours.write(writer);
  parts.notifications.write(writer);
  writeParser(writer, core._inputHandler._parser, parts.osc, parts.dcs);
  writer.bytes(unfinished);
  return writer.finish();
}

/** The size that a state was written with, and a reader for the rest. Throws STORE_CORRUPT, STORE_TOO_NEW. */
export function beginState(state: Uint8Array): { reader: ByteReader; cols: number; rows: number } {
  const reader = new ByteReader(state);
  if (reader.u8() !== VERSION) throw damaged('it is of another version');
  const cols = reader.u32(MAX_SIZE);
  const rows = reader.u32(MAX_SIZE);
  if (cols < 2 || rows < 1) throw damaged('its size is wrong');
  return { reader, cols, rows };
}

/** Fills new parts of the right size. Gives the bytes of the unfinished character. Throws STORE_CORRUPT. */
export function readState(reader: ByteReader, parts: ModelParts): Uint8Array {
  const { core } = parts;
  const size = core._bufferService;
  const { buffers } = size;
  const plain = core._inputHandler._curAttrData;
  parts.above.restoreArchive(reader.list(MAX_ROWS, () => readLine(reader, buffers.normal, plain)));
  readBuffer(reader, buffers.normal, size, plain, rows => parts.above.makeRoom(rows));
  readBuffer(reader, buffers.alt, size, plain);
  if (buffers.normal.lines.length === 0 || buffers.alt.ybase !== 0) throw damaged('its rows are missing');
  if (reader.flag()) {
    if (buffers.alt.lines.length === 0) throw damaged('its rows are missing');
    buffers._activeBuffer = buffers.alt;
    buffers._onBufferActivate.fire({ activeBuffer: buffers.alt, inactiveBuffer: buffers.normal });
  }
  readAttributes(reader, core);
  readModes(reader, core);
  readTitles(reader, core);
  parts.links.read(reader);
  parts.keyboard.read(reader);
  parts.passed.read(reader);
  parts.colours.read(reader);
  parts.notifications.read(reader);
  readParser(reader, core._inputHandler._parser, parts.osc, parts.dcs);
  const unfinished = new Uint8Array(reader.bytes(MAX_UTF8_BYTES));
  if (!reader.isAtEnd) throw damaged('it is too long');
  return unfinished;
}

function writeAttributes(writer: ByteWriter, core: XtermCore): void {
  const { fg, bg, extended } = core._inputHandler._curAttrData;
  for (const word of [fg, bg, extended._ext, extended._urlId]) writer.u32(word);
  const { charset, glevel, _charsets } = core._charsetService;
  writer.u8(glevel);
  for (let level = 0; level < 4; level += 1) writer.text(charsetFinal(_charsets[level]));
  writer.text(charsetFinal(charset));
}

function readAttributes(reader: ByteReader, core: XtermCore): void {
  const attributes = core._inputHandler._curAttrData;
  attributes.fg = reader.u32() | 0;
  attributes.bg = reader.u32() | 0;
  attributes.extended = attributes.extended.clone();
  attributes.extended._ext = reader.u32() | 0;
  attributes.extended._urlId = reader.u32();
  const service = core._charsetService;
  service.glevel = reader.u8(3);
  for (let level = 0; level < 4; level += 1) service._charsets[level] = charsetOf(reader.text(1));
  service.charset = charsetOf(reader.text(1));
}

function writeModes(writer: ByteWriter, core: XtermCore): void {
  const { modes, decPrivateModes, isCursorHidden } = core.coreService;
  const { rawOptions } = core.optionsService;
  for (const name of FLAGS) writer.flag(decPrivateModes[name]);
  for (const flag of [isCursorHidden, modes.insertMode, rawOptions.convertEol, rawOptions.cursorBlink]) {
    writer.flag(flag);
  }
  writer.u8(CURSOR_STYLES.indexOf(decPrivateModes.cursorStyle));
  writer.u8(decPrivateModes.cursorBlink === undefined ? 0 : decPrivateModes.cursorBlink ? 1 : 2);
  writer.u8(MOUSE_PROTOCOLS.indexOf(core.coreMouseService.activeProtocol));
  writer.u8(MOUSE_ENCODINGS.indexOf(core.coreMouseService.activeEncoding));
}

function readModes(reader: ByteReader, core: XtermCore): void {
  const { modes, decPrivateModes } = core.coreService;
  const { rawOptions } = core.optionsService;
  for (const name of FLAGS) decPrivateModes[name] = reader.flag();
  core.coreService.isCursorHidden = reader.flag();
  modes.insertMode = reader.flag();
  rawOptions.convertEol = reader.flag();
  rawOptions.cursorBlink = reader.flag();
  decPrivateModes.cursorStyle = CURSOR_STYLES[reader.u8(CURSOR_STYLES.length - 1)];
  const blink = reader.u8(2);
  decPrivateModes.cursorBlink = blink === 0 ? undefined : blink === 1;
  core.coreMouseService.activeProtocol = MOUSE_PROTOCOLS[reader.u8(MOUSE_PROTOCOLS.length - 1)] ?? 'NONE';
  core.coreMouseService.activeEncoding = MOUSE_ENCODINGS[reader.u8(MOUSE_ENCODINGS.length - 1)] ?? 'DEFAULT';
}

function writeTitles(writer: ByteWriter, core: XtermCore): void {
  const { _windowTitle, _iconName, _windowTitleStack, _iconNameStack } = core._inputHandler;
  writer.text(_windowTitle);
  writer.text(_iconName);
  for (const stack of [_windowTitleStack, _iconNameStack]) {
    writer.list(stack, stack.length, title => writer.text(title));
  }
}

function readTitles(reader: ByteReader, core: XtermCore): void {
  const handler = core._inputHandler;
  const title = () => reader.text(MAX_TITLE_BYTES);
  handler._windowTitle = title();
  handler._iconName = title();
  handler._windowTitleStack = reader.list(MAX_TITLES, title);
  handler._iconNameStack = reader.list(MAX_TITLES, title);
}
