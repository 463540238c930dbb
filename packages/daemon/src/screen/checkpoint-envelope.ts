import { crc32 } from 'node:zlib';
import { isWindowSize, type WindowSize } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { ShellMark } from './screen.ts';

/** What a checkpoint carries around the model's own state. */
export interface CheckpointEnvelope extends WindowSize {
  /** Log offset that the state stands at. */
  readonly offset: number;
  readonly sizeGeneration: number;
  /** Logical lines before this number are packed; a restore discards packed lines from there on. */
  readonly packedBelow: number;
  /** Lines before this number were erased (ED 3, RIS). */
  readonly historyFloor: number;
  /** The last mark of each kind, oldest first: the state that the shell was in. */
  readonly marks: readonly ShellMark[];
  /** The model's state, zstd. */
  readonly model: Uint8Array;
}

/**
 * `"TTCP" | u8 version | 3 × 0 | u32 header bytes | u32 model bytes | u32 crc32 of what follows | header (JSON) | model`,
 * big-endian.
 */
const MAGIC = 0x54544350;
const VERSION = 1;
const PREFIX_BYTES = 20;

export function encodeCheckpoint(envelope: CheckpointEnvelope): Uint8Array {
  const { model, ...rest } = envelope;
  const header = Buffer.from(JSON.stringify(rest));
  const bytes = Buffer.alloc(PREFIX_BYTES + header.length + model.length);
  bytes.writeUInt32BE(MAGIC, 0);
  bytes[4] = VERSION;
  bytes.writeUInt32BE(header.length, 8);
  bytes.writeUInt32BE(model.length, 12);
  bytes.set(header, PREFIX_BYTES);
  bytes.set(model, PREFIX_BYTES + header.length);
  bytes.writeUInt32BE(crc32(bytes.subarray(PREFIX_BYTES)), 16);
  return bytes;
}

/** The envelope; `model` is a view of `bytes`. Throws STORE_CORRUPT for anything damaged, STORE_TOO_NEW for a newer version. */
export function decodeCheckpoint(bytes: Uint8Array): CheckpointEnvelope {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < PREFIX_BYTES || buffer.readUInt32BE(0) !== MAGIC) throw corrupt('it is none');
  if (buffer[4] !== VERSION) {
    throw new TermError(
      'STORE_TOO_NEW',
      `A checkpoint has version ${buffer[4]}; this release reads ${VERSION}.`,
    );
  }
  const headerEnd = PREFIX_BYTES + buffer.readUInt32BE(8);
  if (headerEnd + buffer.readUInt32BE(12) !== buffer.length) throw corrupt('its length is wrong');
  if (crc32(buffer.subarray(PREFIX_BYTES)) !== buffer.readUInt32BE(16))
    throw corrupt('its checksum is wrong');
  const header = parseHeader(buffer.toString('utf8', PREFIX_BYTES, headerEnd));
  return { ...header, model: buffer.subarray(headerEnd) };
}

function parseHeader(json: string): Omit<CheckpointEnvelope, 'model'> {
  const header = JSON.parse(json) as Omit<CheckpointEnvelope, 'model'>;
  const counts = [header.offset, header.sizeGeneration, header.packedBelow, header.historyFloor];
  if (!isWindowSize(header) || !counts.every(count => Number.isSafeInteger(count) && count >= 0)) {
    throw corrupt('its header makes no sense');
  }
  return header;
}

function corrupt(why: string): TermError {
  return new TermError('STORE_CORRUPT', `A checkpoint is damaged: ${why}.`, {
    hint: 'The session goes on with an empty screen.',
  });
}
