export { METHOD_ACCESS, type MethodAccess } from './access.ts';
export type { TokenInfo } from './fleet-messages.ts';
export {
  decodeAck,
  decodeControl,
  decodeData,
  encodeAck,
  encodeControl,
  encodeDataHeader,
  encodeFrame,
  encodeHeader,
  FLAG_MAY_IGNORE,
  type Frame,
  FrameDecoder,
  FrameKind,
  HEADER_BYTES,
  MAX_PAYLOAD_BYTES,
} from './frame-codec.ts';
export {
  type Hello,
  negotiate,
  parseHello,
  parseWelcome,
  type Reject,
  type VersionRange,
  type Welcome,
} from './handshake.ts';
export type {
  ClientInfo,
  ClientNotification,
  ClientNotificationParams,
  DaemonNotification,
  DaemonNotificationParams,
  DeviceInfo,
  Method,
  Params,
  ParsedParams,
  Result,
  SessionEvent,
} from './messages.ts';
export { HANDSHAKE_TIMEOUT_MS, Peer, type PeerHandlers, REQUEST_TIMEOUT_MS } from './peer.ts';
export type {
  ExitStatus,
  HostCommand,
  HostCommandParams,
  HostMethod,
  HostParams,
  HostParsedParams,
  HostRecord,
  HostRecordParams,
  HostResult,
  PtyInfo,
} from './pty-host-messages.ts';
export { HOST_PROTOCOL, PROTOCOL, VERSION } from './version.ts';
