import type { Paths } from '@triterm/core/config/paths';
import { TermError } from '@triterm/core/errors';
import { leaveDaemon } from '../client/daemon-control.ts';
import { isRunning, readDaemonRecord } from '../client/daemon-process.ts';
import { refuseForeignPrograms } from './foreign-writer.ts';
import type { ServicePlan } from './plan.ts';
import { runProgram } from './run-program.ts';
import { refuseOtherAccount, refuseOthersFiles, writeServiceFiles } from './service-files.ts';
import { DAEMON_UNIT, SOCKET_UNITS } from './service-setup.ts';
import { shellSettings } from './shell-settings.ts';
import { Systemd, type UnitProperties } from './systemd.ts';
import { verifyUnits } from './verify-units.ts';

export interface InstallOptions {
  /** Replaces files that are not ours or of another account, and installs units that systemd-analyze complains of, or whose programs others may change. */
  readonly force: boolean;
  /** Enables lingering too. */
  readonly linger: boolean;
}

/** Where it happens. */
export interface ServiceHost {
  readonly env: NodeJS.ProcessEnv;
  readonly paths: Paths;
  /** A line for the person. */
  tell(line: string): void;
}

/** The contract of `service install --json`. */
export interface InstallReport {
  readonly manager: ServicePlan['manager'];
  readonly scope: ServicePlan['scope'];
  readonly account: string;
  /** Paths of the files that were written; others were there already. */
  readonly written: readonly string[];
  /** Whether the user's manager runs without a login; null where that does not matter or is not known. */
  readonly lingering: boolean | null;
}

const ID_TIMEOUT_MS = 10_000;

/**
 * Writes the units, has systemd check them, enables them, and hands the daemon over to systemd. Installed already, it
 * brings units up to date. Throws NO_SERVICE_MANAGER, PERMISSION_DENIED, UNSAFE_PATH, FILE_EXISTS, SERVICE_FAILED; what
 * was thrown before the first file is written has touched nothing.
 */
export async function installUnits(
  plan: ServicePlan,
  options: InstallOptions,
  host: ServiceHost,
): Promise<InstallReport> {
  if (plan.scope === 'system') refuseUnlessRoot('install');
  const systemd = await Systemd.open(plan.scope, host.env);
  const uid = plan.scope === 'system' ? await accountUid(plan.account, host.env) : undefined;
  if (!options.force) refuseUnforced(plan, uid);
  await checkUnits(plan, options, host);
  const written = writeServiceFiles(plan.files);
  await systemd.manage('daemon-reload');
  await checkLoaded(plan, systemd);
  await systemd.manage('enable', ...SOCKET_UNITS, DAEMON_UNIT);
  await handOver(plan, systemd, written.length > 0, host);
  tellSettings(plan, host);
  return {
    manager: plan.manager,
    scope: plan.scope,
    account: plan.account,
    written,
    lingering: await seeToLingering(plan, systemd, options, host),
  };
}

/** Throws PERMISSION_DENIED. */
export function refuseUnlessRoot(command: string): void {
  if (process.geteuid?.() === 0) return;
  throw new TermError('PERMISSION_DENIED', 'Units of the system are written by root.', {
    hint: `Run \`sudo triterm service ${command} --system\`, or leave --system out for your own.`,
  });
}

/** `uid`: of the account of a system's service, whose units name it. */
function refuseUnforced({ files, programs, account }: ServicePlan, uid: number | undefined): void {
  refuseOtherAccount(files);
  if (uid !== undefined) refuseForeignPrograms(programs, account, uid);
  refuseOthersFiles(files);
}

async function accountUid(account: string, env: NodeJS.ProcessEnv): Promise<number> {
  const end = await runProgram(['id', '-u', '--', account], { env, timeoutMs: ID_TIMEOUT_MS });
  if (end?.status === 0) return Number(end.stdout);
  throw new TermError('USAGE', `There is no account ${account}.`, {
    hint: 'Name the account that sessions are to run as: --account NAME.',
  });
}

async function checkUnits(
  plan: ServicePlan,
  { force }: InstallOptions,
  { env, tell }: ServiceHost,
): Promise<void> {
  const complaints = await verifyUnits(plan.units, plan.scope, env);
  if (complaints === undefined) tell('There is no systemd-analyze: the units were not verified.');
  if (complaints === undefined || complaints.length === 0) return;
  if (!force)
    throw new TermError(
      'SERVICE_FAILED',
      `systemd does not take the units as they are: ${complaints.join('; ')}`,
      {
        hint: 'triterm needs systemd 248 or newer; --force installs them all the same.',
      },
    );
  for (const complaint of complaints) tell(complaint);
}

/** The manager may look elsewhere, and a unit of the same name there be the one that counts. */
async function checkLoaded({ files }: ServicePlan, systemd: Systemd): Promise<void> {
  const [file] = files.filter(({ name }) => name === DAEMON_UNIT);
  const path = (await daemonProperties(systemd, 'FragmentPath')).FragmentPath ?? '';
  if (file === undefined || path === file.path) return;
  const where = path === '' ? 'does not find it there' : `takes ${path} instead`;
  throw new TermError('SERVICE_FAILED', `${file.path} was written, but systemd ${where}.`, {
    hint: 'See `systemd-analyze unit-paths`, with --user for a user’s; `triterm service uninstall` takes the files away.',
  });
}

/**
 * Sessions stay in their hosts meanwhile, and the daemon that systemd starts adopts them. Nothing stands between the end of
 * one daemon and the sockets of the next: attached clients start one themselves when none comes for a second.
 */
async function handOver(
  plan: ServicePlan,
  systemd: Systemd,
  hasChanged: boolean,
  { paths, tell }: ServiceHost,
): Promise<void> {
  // A socket is not made anew while its service runs.
  if (hasChanged) await systemd.manage('stop', ...SOCKET_UNITS, DAEMON_UNIT);
  if (plan.scope === 'user' && (await runsByHand(paths, systemd))) {
    const left = await leaveDaemon(paths, 'restart');
    if (left !== undefined)
      tell(`tritermd (pid ${left.pid}), which was not started by systemd, has left; its sessions go on.`);
  }
  await systemd.manage('start', ...SOCKET_UNITS);
  await systemd.manage('start', DAEMON_UNIT);
}

async function runsByHand(paths: Paths, systemd: Systemd): Promise<boolean> {
  const record = readDaemonRecord(paths);
  if (record === undefined || !isRunning(record)) return false;
  const { MainPID } = await daemonProperties(systemd, 'MainPID');
  return MainPID !== String(record.pid);
}

async function daemonProperties(systemd: Systemd, ...names: readonly string[]): Promise<UnitProperties> {
  return (await systemd.show([DAEMON_UNIT], names)).find(({ Id }) => Id === DAEMON_UNIT) ?? {};
}

function tellSettings({ environmentFile }: ServicePlan, { env, tell }: ServiceHost): void {
  const names = shellSettings(env);
  if (names.length === 0) return;
  tell(
    `This shell sets ${names.join(', ')}, which the service does not see. ` +
      (environmentFile === undefined
        ? 'Put what is to stay into the configuration file.'
        : `Put what is to stay into ${environmentFile} (mode 0600, NAME=value) or the configuration file.`),
  );
}

async function seeToLingering(
  { scope, account }: ServicePlan,
  systemd: Systemd,
  { linger }: InstallOptions,
  { tell }: ServiceHost,
): Promise<boolean | null> {
  if (scope === 'system') return null;
  if (linger) {
    await systemd.enableLingering(account);
    return true;
  }
  const lingering = await systemd.isLingering(account);
  if (lingering !== true)
    tell(
      `Sessions end when ${account} has logged out everywhere, and nothing starts at boot, unless lingering is enabled: ` +
        'triterm service install --linger, or loginctl enable-linger',
    );
  return lingering ?? null;
}
