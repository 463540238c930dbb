import { dirname, isAbsolute, join } from 'node:path';
import { checkSocketPath } from '@triterm/core/config';
import type { Paths } from '@triterm/core/config/paths';
import { PTY_HOST_NODE_OPTIONS } from '@triterm/core/domain';
import { daemonProgram } from '../client/daemon-package.ts';
import type { ServiceScope, ServiceSetup } from './service-setup.ts';
import { unitText } from './unit-text.ts';
import { hostSocketPath } from './units.ts';

type Places = Pick<ServiceSetup, 'stateDir' | 'runDir' | 'configFile' | 'environmentFile'>;

/** Places of the system service. Its sockets are in a directory whose parent is root's: see `privateSocket`. */
export const SYSTEM_PLACES = {
  stateDir: '/var/lib/triterm',
  runDir: '/run/triterm',
  configFile: '/etc/triterm/config.json',
  environmentFile: '/etc/triterm/tritermd.env',
} as const satisfies Places;

export interface SetupRequest {
  readonly scope: ServiceScope;
  /** For the system service only. */
  readonly account: string | undefined;
  readonly paths: Paths;
  /** The Node that runs the CLI: it has proven that it can run triterm, whatever `node` on PATH will be one day. */
  readonly node: string;
}

/** Units for the package that this program is part of. Throws SERVICE_FAILED, or BAD_CONFIG for a path too long for a socket. */
export function setupHere({ scope, account, paths, node }: SetupRequest): ServiceSetup {
  const places = scope === 'user' ? userPlaces(paths) : SYSTEM_PLACES;
  checkSocketPath(hostSocketPath(places));
  const daemon = [node, ...daemonProgram('tritermd', 'SERVICE_FAILED')];
  const ptyHost = [node, ...PTY_HOST_NODE_OPTIONS, ...daemonProgram('triterm-pty-host', 'SERVICE_FAILED')];
  return {
    scope,
    account,
    daemon: daemon.map(unitText),
    ptyHost: ptyHost.map(unitText),
    programs: [...new Set([...daemon, ...ptyHost])].filter(isAbsolute),
    stateDir: unitText(places.stateDir),
    runDir: unitText(places.runDir),
    configFile: unitText(places.configFile),
    environmentFile: unitText(places.environmentFile),
  };
}

function userPlaces({ stateDir, runDir, configFile }: Paths): Places {
  return { stateDir, runDir, configFile, environmentFile: join(dirname(configFile), 'tritermd.env') };
}
