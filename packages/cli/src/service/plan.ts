import { readFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Paths } from '@triterm/core/config/paths';
import { TermError } from '@triterm/core/errors';
import { AGENT_LABEL, renderLaunchAgent } from './launch-agent.ts';
import { accountIn, type ServiceFile } from './service-files.ts';
import { DAEMON_UNIT, type ServiceScope } from './service-setup.ts';
import { setupHere } from './this-setup.ts';
import { stampedPlist, stampedUnit } from './unit-stamp.ts';
import { renderUnits, type UnitFile } from './units.ts';

/** What is to be where. */
export interface ServicePlan {
  readonly manager: 'systemd' | 'launchd';
  readonly scope: ServiceScope;
  /** Whose sessions they are. */
  readonly account: string;
  readonly files: readonly ServiceFile[];
  /** As they are rendered, for whoever checks them; none on macOS. */
  readonly units: readonly UnitFile[];
  /** Files that the account is to run. */
  readonly programs: readonly string[];
  /** Where variables for the daemon may stand; undefined where the manager reads no such file. */
  readonly environmentFile: string | undefined;
}

export interface PlanRequest {
  readonly scope: ServiceScope;
  /** `--account`. */
  readonly account: string | undefined;
  readonly paths: Paths;
  readonly env: NodeJS.ProcessEnv;
  readonly platform: NodeJS.Platform;
  readonly node: string;
}

/** As useradd(8) takes names; it stands in a command line that root runs. */
const ACCOUNT = /^[a-z_][a-z0-9_.-]{0,31}$/i;
const SYSTEM_UNIT_DIR = '/etc/systemd/system';

/** Throws USAGE, NO_SERVICE_MANAGER for a system that has neither systemd nor launchd, and as `setupHere` does. */
export function planService(request: PlanRequest): ServicePlan {
  if (request.platform === 'linux') return planUnits(request);
  if (request.platform === 'darwin') return planLaunchAgent(request);
  throw new TermError('NO_SERVICE_MANAGER', `There are no units for ${request.platform}.`);
}

function planUnits({ scope, account, paths, env, node }: PlanRequest): ServicePlan {
  if (scope === 'user' && account !== undefined) throw accountIsForSystem();
  const runsAs =
    scope === 'user' ? ownAccount() : (account ?? installedAccount() ?? (env.SUDO_USER || 'root'));
  if (scope === 'system' && !ACCOUNT.test(runsAs))
    throw new TermError('USAGE', `${JSON.stringify(runsAs)} is not the name of an account.`, {
      hint: 'Name the account that sessions are to run as: --account NAME.',
    });
  const setup = setupHere({ scope, account: scope === 'user' ? undefined : runsAs, paths, node });
  const units = renderUnits(setup);
  const directory = scope === 'user' ? join(env.HOME || homedir(), '.config/systemd/user') : SYSTEM_UNIT_DIR;
  return {
    manager: 'systemd',
    scope,
    account: runsAs,
    files: units.map(({ name, content }) => ({
      name,
      path: join(directory, name),
      content: stampedUnit(content),
    })),
    units,
    programs: setup.programs,
    environmentFile: setup.environmentFile.replaceAll('%%', '%'),
  };
}

function planLaunchAgent({ scope, account, paths, env, node }: PlanRequest): ServicePlan {
  if (scope === 'system')
    throw new TermError('USAGE', 'On macOS triterm has a service for users only.', {
      hint: 'Leave --system out.',
    });
  if (account !== undefined) throw accountIsForSystem();
  const setup = setupHere({ scope, account: undefined, paths, node });
  const name = `${AGENT_LABEL}.plist`;
  const content = stampedPlist(
    renderLaunchAgent({ daemon: setup.daemon.map(word => word.replaceAll('%%', '%')), paths }),
  );
  return {
    manager: 'launchd',
    scope,
    account: ownAccount(),
    files: [{ name, path: join(env.HOME || homedir(), 'Library/LaunchAgents', name), content }],
    units: [],
    programs: setup.programs,
    environmentFile: undefined,
  };
}

/** Whom the system service runs as that is installed; undefined when none is. */
function installedAccount(): string | undefined {
  try {
    return accountIn(readFileSync(join(SYSTEM_UNIT_DIR, DAEMON_UNIT), 'utf8'));
  } catch {
    return undefined;
  }
}

/** Its number where nobody has given it a name. */
function ownAccount(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.geteuid?.() ?? '');
  }
}

function accountIsForSystem(): TermError {
  return new TermError('USAGE', 'A user service runs as the user who installs it.', {
    hint: 'Leave --account out, or give --system too.',
  });
}
