import { type ByteReader, type ByteWriter, damaged } from './byte-codec.ts';
import {
  type DcsCollector,
  identText,
  MAX_STRING_LENGTH,
  type OpenString,
  type OscCollector,
  paramsText,
} from './string-collectors.ts';
import type { XtermParams, XtermParser } from './xterm-internals.ts';

/** States of the parser (https://vt100.net/emu/dec_ansi_parser), by their numbers in xterm.js. */
const Escape = 1;
const EscapeIntermediate = 2;
const CsiEntry = 3;
const CsiParam = 4;
const CsiIntermediate = 5;
const CsiIgnore = 6;
const SosPmApcString = 7;
const OscString = 8;
const DcsEntry = 9;
const DcsParam = 10;
const DcsIgnore = 11;
const DcsIntermediate = 12;
const DcsPassthrough = 13;

const MAX_STRING_BYTES = 4 * MAX_STRING_LENGTH;
const MAX_INTRODUCER_BYTES = 4096;
/** Width and join bit of the character that was printed last. */
const MAX_JOIN_STATE = 7;

/**
 * The bytes that bring a terminal's parser from its ground state to where this one is within a sequence. A string that was too
 * long to keep becomes one that every terminal ignores up to its end.
 */
export function unfinishedSequence(parser: XtermParser, osc: OscCollector, dcs: DcsCollector): string {
  switch (parser.currentState) {
    case Escape:
      return '\x1b';
    case EscapeIntermediate:
      return `\x1b${identText(parser._collect)}`;
    case CsiEntry:
      return '\x1b[';
    case CsiParam:
    case CsiIntermediate:
      return `\x1b[${parametersSoFar(parser, CsiParam)}`;
    case CsiIgnore:
      return '\x1b[0?';
    case SosPmApcString:
      return '\x1b^';
    case OscString:
      return `\x1b]${osc.open?.overflowed ? '19999;' : (osc.open?.text ?? '')}`;
    case DcsEntry:
      return '\x1bP';
    case DcsParam:
    case DcsIntermediate:
      return `\x1bP${parametersSoFar(parser, DcsParam)}`;
    case DcsIgnore:
      return '\x1bP0?';
    case DcsPassthrough: {
      const { open } = dcs;
      return open === undefined || open.overflowed ? '\x1bP0?' : `\x1bP${open.introducer}${open.text}`;
    }
    default:
      return '';
  }
}

/** Prefix, parameters and intermediates. A lone 0 must be written where the state says that there was a parameter. */
function parametersSoFar(parser: XtermParser, paramState: number): string {
  const collected = identText(parser._collect);
  const prefix = /^[<-?]?/.exec(collected)?.[0] ?? '';
  const text = prefix + paramsText(parser._params);
  const intermediates = collected.slice(prefix.length);
  return (text === '' && parser.currentState === paramState ? '0' : text) + intermediates;
}

export function writeParser(
  writer: ByteWriter,
  parser: XtermParser,
  osc: OscCollector,
  dcs: DcsCollector,
): void {
  writer.u8(parser.currentState);
  writer.u8(parser.precedingJoinState & MAX_JOIN_STATE);
  writer.u32(parser._collect);
  writeParams(writer, parser._params);
  writer.flag(osc.open !== undefined);
  if (osc.open !== undefined) writeString(writer, osc.open);
  const { open } = dcs;
  writer.flag(open !== undefined);
  if (open === undefined) return;
  writer.text(open.name);
  writer.text(open.introducer);
  writeString(writer, open);
}

export function readParser(
  reader: ByteReader,
  parser: XtermParser,
  osc: OscCollector,
  dcs: DcsCollector,
): void {
  parser.currentState = reader.u8(DcsPassthrough);
  parser.precedingJoinState = reader.u8(MAX_JOIN_STATE);
  parser._collect = reader.u32() | 0;
  readParams(reader, parser._params);
  if (reader.flag()) osc.open = readString(reader);
  if (!reader.flag()) return;
  const name = reader.text(MAX_INTRODUCER_BYTES);
  const introducer = reader.text(MAX_INTRODUCER_BYTES);
  dcs.open = { name, introducer, ...readString(reader) };
}

function writeParams(writer: ByteWriter, params: XtermParams): void {
  writer.u8(params.length);
  writer.u8(params._subParamsLength);
  for (let at = 0; at < params.length; at += 1) {
    writer.i32(params.params[at] ?? 0);
    writer.u32(params._subParamsIdx[at] ?? 0);
  }
  for (let at = 0; at < params._subParamsLength; at += 1) writer.i32(params._subParams[at] ?? 0);
  for (const flag of [params._rejectDigits, params._rejectSubDigits, params._digitIsSub]) writer.flag(flag);
}

function readParams(reader: ByteReader, params: XtermParams): void {
  params.length = reader.u8(params.params.length);
  params._subParamsLength = reader.u8(params._subParams.length);
  for (let at = 0; at < params.length; at += 1) {
    params.params[at] = reader.i32(-1);
    const range = reader.u32(0xffff);
    if (range >> 8 > (range & 0xff) || (range & 0xff) > params._subParamsLength)
      throw damaged('its parameters');
    params._subParamsIdx[at] = range;
  }
  for (let at = 0; at < params._subParamsLength; at += 1) params._subParams[at] = reader.i32(-1);
  params._rejectDigits = reader.flag();
  params._rejectSubDigits = reader.flag();
  params._digitIsSub = reader.flag();
}

function writeString(writer: ByteWriter, open: OpenString): void {
  writer.text(open.text);
  writer.flag(open.overflowed);
}

function readString(reader: ByteReader): OpenString {
  return { text: reader.text(MAX_STRING_BYTES), overflowed: reader.flag() };
}
