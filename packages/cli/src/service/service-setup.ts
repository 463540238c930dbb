import type { UnitText } from './unit-text.ts';

export const SERVICE_SCOPES = ['user', 'system'] as const;
/** Whose service manager: that of one account, or that of the machine. */
export type ServiceScope = (typeof SERVICE_SCOPES)[number];

/** All that the units say of this machine. */
export interface ServiceSetup {
  readonly scope: ServiceScope;
  /** Whom the system service runs as; the user's own manager needs no telling. */
  readonly account: string | undefined;
  /** Program and arguments of tritermd. */
  readonly daemon: readonly UnitText[];
  /** Program of triterm-pty-host, and what Node is to be told; what it is to do there says the unit. */
  readonly ptyHost: readonly UnitText[];
  /** Their files, and Node's. */
  readonly programs: readonly string[];
  readonly stateDir: UnitText;
  readonly runDir: UnitText;
  readonly configFile: UnitText;
  /** Variables for the daemon, such as DATABASE_URL; need not be there. */
  readonly environmentFile: UnitText;
}

/** The units, in the order in which they are listed and started. */
export const UNIT_NAMES = [
  'tritermd.socket',
  'triterm-pty-host.socket',
  'tritermd.service',
  'triterm-pty-host@.service',
] as const;
export type UnitName = (typeof UNIT_NAMES)[number];

/** Those that are enabled; instances of the template are started by its socket. */
export const SOCKET_UNITS = ['tritermd.socket', 'triterm-pty-host.socket'] as const satisfies UnitName[];
export const DAEMON_UNIT = 'tritermd.service' satisfies UnitName;
/** Every host that runs, as a pattern of systemctl(1). */
export const HOST_INSTANCES = 'triterm-pty-host@*.service';
