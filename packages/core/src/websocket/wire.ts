/** What the frames are called in `Sec-WebSocket-Protocol`. */
export const SUBPROTOCOL = 'triterm.v1';
/** In front of a token among the subprotocols that a browser offers: its pages can set no header. Never chosen, so never sent back. */
export const BEARER_SUBPROTOCOL = 'triterm.bearer.';
/** Longer runs of bytes are sent as several messages: their boundaries mean nothing. */
export const MAX_SENT_MESSAGE_BYTES = 128 * 1024;

/** The chunks as messages, none longer than `maxBytes`. What fits into one is one: a frame with its header. */
export function toMessages(chunks: readonly Buffer[], maxBytes: number): Buffer[] {
  const messages: Buffer[] = [];
  let joined: Buffer[] = [];
  let joinedBytes = 0;
  const flush = (): void => {
    const [first] = joined;
    if (first !== undefined) messages.push(joined.length === 1 ? first : Buffer.concat(joined, joinedBytes));
    joined = [];
    joinedBytes = 0;
  };
  for (const chunk of chunks) {
    if (joinedBytes + chunk.length > maxBytes) flush();
    for (let at = 0; at < chunk.length; at += maxBytes) {
      const piece = chunk.subarray(at, at + maxBytes);
      if (joinedBytes + piece.length > maxBytes) flush();
      joined.push(piece);
      joinedBytes += piece.length;
    }
  }
  flush();
  return messages;
}
