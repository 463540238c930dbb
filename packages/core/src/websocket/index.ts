export { CloseCode, closeCodeOf, closeReasonOf } from './close-codes.ts';
export { type ConnectOptions, connectWebSocket } from './connect.ts';
export { WebSocketDuplex, type WebSocketDuplexOptions } from './duplex.ts';
export { BEARER_SUBPROTOCOL, MAX_SENT_MESSAGE_BYTES, SUBPROTOCOL } from './wire.ts';
