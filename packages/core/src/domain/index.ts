export { closest } from './closest.ts';
export type {
  DrillClaim,
  DrillEvent,
  DrillInfo,
  DrillMeasurement,
  DrillMode,
  DrillNeed,
  DrillReport,
  DrillStep,
  DrillVerdict,
} from './drill.ts';
export { HAND_OVERS, type HandOver } from './hand-over.ts';
export { isSessionId, isSessionName, newSessionId, newToken } from './ids.ts';
export { LOG_LEVELS, type LogLevel } from './log-level.ts';
export { bareHost, isLoopbackAddress, isLoopbackHost, isLoopbackUrl } from './loopback.ts';
export {
  includesScope,
  LOCAL_USER,
  maySee,
  type Principal,
  SCOPES,
  type Scope,
  SOCKET_OWNER,
} from './principal.ts';
export { type ProcessStat, parseProcessStat } from './process-stat.ts';
export { PTY_HOST_NODE_OPTIONS } from './pty-host-options.ts';
export { ROLES, type Role } from './role.ts';
export {
  canMove,
  MAX_LABELS,
  SESSION_STATES,
  type SessionDoc,
  type SessionInfo,
  type SessionState,
  type ShellKind,
} from './session.ts';
export { type ControllerWindow, decideSize, SIZE_POLICIES, type SizePolicy } from './size-policy.ts';
export {
  DEFAULT_SIZE,
  isWindowSize,
  MAX_SIDE,
  parseWindowSize,
  sameSize,
  type WindowSize,
} from './window-size.ts';
