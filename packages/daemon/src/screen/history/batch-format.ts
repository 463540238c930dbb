import { constants, crc32, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

/** Logical lines that were packed together. */
export interface BatchHeader {
  /** Permanent number of the first line. */
  readonly first: number;
  readonly count: number;
  readonly rawBytes: number;
  readonly packedBytes: number;
  readonly packedChecksum: number;
}

/**
 * `"TTHB" | u32 lines | u64 first line | u32 raw bytes | u32 packed bytes | u32 crc32 of packed | u32 crc32 of this header`,
 * big-endian; then the lines, joined by LF, zstd. A line holds no LF.
 */
const MAGIC = 0x54544842;
export const BATCH_HEADER_BYTES = 32;
/** More than any batch that is written; a header that says more is damage. */
const MAX_RAW_BYTES = 64 * 1024 * 1024;

/** Header and packed lines in one piece, as they stand in a file. */
export function encodeBatch(first: number, lines: readonly string[]): Buffer {
  const raw = Buffer.from(lines.join('\n'));
  const packed = zstdCompressSync(raw, { params: { [constants.ZSTD_c_compressionLevel]: 3 } });
  const bytes = Buffer.allocUnsafeSlow(BATCH_HEADER_BYTES + packed.length);
  bytes.writeUInt32BE(MAGIC, 0);
  bytes.writeUInt32BE(lines.length, 4);
  bytes.writeBigUInt64BE(BigInt(first), 8);
  bytes.writeUInt32BE(raw.length, 16);
  bytes.writeUInt32BE(packed.length, 20);
  bytes.writeUInt32BE(crc32(packed), 24);
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 28)), 28);
  bytes.set(packed, BATCH_HEADER_BYTES);
  return bytes;
}

/** Undefined when no batch begins here, or its header is damaged. */
export function decodeBatchHeader(bytes: Buffer): BatchHeader | undefined {
  if (bytes.length < BATCH_HEADER_BYTES || bytes.readUInt32BE(0) !== MAGIC) return undefined;
  if (crc32(bytes.subarray(0, 28)) !== bytes.readUInt32BE(28)) return undefined;
  const header = {
    first: Number(bytes.readBigUInt64BE(8)),
    count: bytes.readUInt32BE(4),
    rawBytes: bytes.readUInt32BE(16),
    packedBytes: bytes.readUInt32BE(20),
    packedChecksum: bytes.readUInt32BE(24),
  };
  return header.rawBytes > MAX_RAW_BYTES || !Number.isSafeInteger(header.first) ? undefined : header;
}

/** The lines of a whole batch, header included. Undefined when anything in it is damaged. */
export function decodeBatch(bytes: Buffer): string[] | undefined {
  const header = decodeBatchHeader(bytes);
  const packed = bytes.subarray(BATCH_HEADER_BYTES);
  if (header === undefined || packed.length !== header.packedBytes) return undefined;
  if (crc32(packed) !== header.packedChecksum) return undefined;
  try {
    const raw = zstdDecompressSync(packed, { maxOutputLength: Math.max(1, header.rawBytes) });
    const lines = raw.toString('utf8').split('\n');
    return lines.length === header.count ? lines : undefined;
  } catch {
    return undefined;
  }
}

/** Lines and text of one batch at most, so that the last lines are read without unpacking everything. */
const BATCH_LINES = 2000;
const BATCH_CHARACTERS = 128 * 1024;

/** Cuts lines into batches; a single longer line is a batch of its own. */
export function* intoBatches(lines: readonly string[]): Generator<readonly string[]> {
  let from = 0;
  let characters = 0;
  for (let at = 0; at < lines.length; at += 1) {
    const length = (lines[at] ?? '').length;
    const isFull = at - from >= BATCH_LINES || characters + length > BATCH_CHARACTERS;
    if (isFull && at > from) {
      yield lines.slice(from, at);
      from = at;
      characters = 0;
    }
    characters += length;
  }
  if (from < lines.length) yield lines.slice(from);
}
