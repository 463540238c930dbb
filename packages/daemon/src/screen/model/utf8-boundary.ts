/**
 * Bytes at the end that begin a UTF-8 character without ending it, 0 to 3. The terminal's decoder must not see them alone: it
 * decodes a character wrongly when it is divided after a continuation byte 0x80.
 */
export function unfinishedUtf8(bytes: Uint8Array): number {
  const earliest = Math.max(0, bytes.length - 3);
  for (let at = bytes.length - 1; at >= earliest; at -= 1) {
    const byte = bytes[at] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const count = bytes.length - at;
    return count < characterBytes(byte) ? count : 0;
  }
  return 0;
}

function characterBytes(lead: number): number {
  if ((lead & 0xe0) === 0xc0) return 2;
  if ((lead & 0xf0) === 0xe0) return 3;
  if ((lead & 0xf8) === 0xf0) return 4;
  return 1;
}
