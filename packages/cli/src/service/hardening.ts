import type { ServiceSetup } from './service-setup.ts';
import { type Directive, quoted } from './unit-text.ts';

/**
 * What the daemon never does, whatever it is asked: systemd.exec(5), “Sandboxing”. It is about the daemon alone: programs
 * of sessions are children of a pty-host, which has a unit without any of it. MemoryDenyWriteExecute= is missing
 * because V8 compiles to memory; PrivateTmp= because /tmp may be where a session is to start.
 */
export function hardening(setup: ServiceSetup): (Directive | string)[] {
  return setup.scope === 'user' ? PROCESS_LIMITS : [...PROCESS_LIMITS, ...mountLimits(setup)];
}

/** Needs no more rights than every process has, and so works in a user's manager. */
const PROCESS_LIMITS: (Directive | string)[] = [
  ['NoNewPrivileges', 'yes'],
  ['LockPersonality', 'yes'],
  ['RestrictNamespaces', 'yes'],
  ['RestrictRealtime', 'yes'],
  ['RestrictSUIDSGID', 'yes'],
  ['RestrictAddressFamilies', 'AF_UNIX AF_INET AF_INET6 AF_NETLINK'],
  ['SystemCallArchitectures', 'native'],
  ['SystemCallFilter', ['@system-service', '~@privileged @keyring @resources']],
  'An error, which Node can deal with, instead of a death.',
  ['SystemCallErrorNumber', 'EPERM'],
  ['UMask', '0077'],
];

/**
 * Needs a mount namespace. A user's manager gets one in a user namespace only (implied since systemd 254), which many
 * distributions do not let users make: there the daemon would not start at all.
 */
function mountLimits({ account, runDir, stateDir }: ServiceSetup): (Directive | string)[] {
  return [
    ['ProtectSystem', 'strict'],
    'Where a session is to start is looked at before it starts.',
    ['ProtectHome', 'read-only'],
    ['ReadWritePaths', `${quoted(stateDir)} ${quoted(runDir)}`],
    ['PrivateDevices', 'yes'],
    ['ProtectClock', 'yes'],
    ['ProtectControlGroups', 'yes'],
    ['ProtectHostname', 'yes'],
    ['ProtectKernelLogs', 'yes'],
    ['ProtectKernelModules', 'yes'],
    ['ProtectKernelTunables', 'yes'],
    ['ProtectProc', 'invisible'],
    ['PrivateMounts', 'yes'],
    // Root's sessions may start in anybody's directory.
    ['CapabilityBoundingSet', account === 'root' ? 'CAP_DAC_READ_SEARCH' : ''],
    ['AmbientCapabilities', ''],
  ];
}
