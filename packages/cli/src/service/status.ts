import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ServicePlan } from './plan.ts';
import { stateOf } from './service-files.ts';
import { DAEMON_UNIT, HOST_INSTANCES, type UnitName } from './service-setup.ts';
import { Systemd, type UnitProperties } from './systemd.ts';
import type { UnitState } from './unit-stamp.ts';

export interface UnitReport {
  readonly name: string;
  readonly path: string;
  /** `packaged`: there is none of ours, and the manager has one from elsewhere. */
  readonly file: UnitState | 'packaged';
  /** As `systemctl is-enabled` says it: `enabled`, `disabled`, `static` …; null when not known. */
  readonly enabled: string | null;
  /** `active`, `inactive`, `failed` …; null for a template, and when not known. */
  readonly active: string | null;
  /** Paths of drop-ins that change it. */
  readonly dropIns: readonly string[];
}

/** The contract of `service status --json`. */
export interface ServiceStatus {
  readonly manager: ServicePlan['manager'];
  readonly scope: ServicePlan['scope'];
  readonly account: string;
  readonly installed: boolean;
  /** The files are what this version would write. */
  readonly current: boolean;
  readonly units: readonly UnitReport[];
  /** Of the daemon, while it runs. */
  readonly mainPid: number | null;
  /** How the daemon ended last, or null when it has not: what systemd makes of it, and status or signal number. */
  readonly lastExit: { readonly result: string; readonly status: number } | null;
  readonly restarts: number | null;
  readonly watchdogMs: number | null;
  /** Pty-hosts that run as units. */
  readonly hosts: number;
  readonly lingering: boolean | null;
  /** What is not well, and what to do; none when all is. */
  readonly problems: readonly string[];
}

const UNIT_PROPERTIES = [
  'LoadState',
  'ActiveState',
  'UnitFileState',
  'FragmentPath',
  'DropInPaths',
  'NeedDaemonReload',
];
const DAEMON_PROPERTIES = [
  'MainPID',
  'Result',
  'ExecMainStatus',
  'ExecMainExitTimestampMonotonic',
  'NRestarts',
  'WatchdogUSec',
];

/** Looks and changes nothing. Throws NO_SERVICE_MANAGER. */
export async function unitsStatus(plan: ServicePlan, env: NodeJS.ProcessEnv): Promise<ServiceStatus> {
  const systemd = await Systemd.open(plan.scope, env);
  // A template is no unit that could be asked for.
  const names = plan.files.map(({ name }) => name).filter(name => !name.includes('@'));
  const [shown, hosts] = await Promise.all([
    systemd.show(names, [...UNIT_PROPERTIES, ...DAEMON_PROPERTIES]),
    systemd.show([HOST_INSTANCES], ['ActiveState']),
  ]);
  const properties = new Map(shown.map(unit => [unit.Id ?? '', unit]));
  const directory = dirname(properties.get(DAEMON_UNIT)?.FragmentPath ?? '');
  const units = plan.files.map(file =>
    unitReport(
      file,
      stateOf(file),
      properties.get(file.name) ?? templateProperties(join(directory, file.name)),
    ),
  );
  const lingering = plan.scope === 'user' ? ((await systemd.isLingering(plan.account)) ?? null) : null;
  const state = {
    manager: plan.manager,
    scope: plan.scope,
    account: plan.account,
    installed: units.every(({ file }) => file !== 'absent'),
    current: units.every(({ file }) => file === 'current' || file === 'packaged'),
    units,
    ...daemonReport(properties.get(DAEMON_UNIT) ?? {}),
    hosts: hosts.filter(host => host.ActiveState === 'active').length,
    lingering,
  };
  const needsReload = shown.some(unit => unit.NeedDaemonReload === 'yes');
  return { ...state, problems: problemsOf(state, needsReload) };
}

/** What can be told of a template without the manager: whether it lies beside the other units. */
function templateProperties(path: string): UnitProperties {
  return existsSync(path) ? { FragmentPath: path } : {};
}

function unitReport(
  { name, path }: ServicePlan['files'][number],
  state: UnitState,
  properties: UnitProperties,
): UnitReport {
  const isElsewhere = state === 'absent' && (properties.FragmentPath ?? '') !== '';
  return {
    name,
    path: isElsewhere ? (properties.FragmentPath ?? path) : path,
    file: isElsewhere ? 'packaged' : state,
    enabled: properties.UnitFileState || null,
    active: properties.ActiveState || null,
    dropIns: (properties.DropInPaths ?? '').split(' ').filter(dropIn => dropIn !== ''),
  };
}

function daemonReport(
  daemon: UnitProperties,
): Pick<ServiceStatus, 'mainPid' | 'lastExit' | 'restarts' | 'watchdogMs'> {
  const hasEnded = (count(daemon.ExecMainExitTimestampMonotonic) ?? 0) > 0;
  return {
    mainPid: count(daemon.MainPID) || null,
    lastExit: hasEnded ? { result: daemon.Result ?? '', status: count(daemon.ExecMainStatus) ?? 0 } : null,
    restarts: count(daemon.NRestarts),
    watchdogMs: timeSpanMs(daemon.WatchdogUSec),
  };
}

function count(text: string | undefined): number | null {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
}

const SPAN_MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, min: 60_000, h: 3_600_000 };

/** `1min 30s`, as systemctl shows spans of time (systemd.time(7)); null for `infinity` and 0. */
export function timeSpanMs(text: string | undefined): number | null {
  const parts = [...(text ?? '').matchAll(/(\d+(?:\.\d+)?)(us|ms|s|min|h)\b/g)];
  const total = parts.reduce((sum, [, amount, unit = '']) => sum + Number(amount) * (SPAN_MS[unit] ?? 0), 0);
  return total > 0 ? total : null;
}

function problemsOf(
  { scope, account, installed, units, lingering, lastExit }: Omit<ServiceStatus, 'problems'>,
  needsReload: boolean,
): string[] {
  const again = `triterm service install${scope === 'user' ? '' : ' --system'}`;
  const systemctl = `systemctl${scope === 'user' ? ' --user' : ''}`;
  if (!installed) {
    const absent = units.filter(({ file }) => file === 'absent').map(({ name }) => name);
    return [`Not installed: ${absent.join(', ')}. Install them: ${again}`];
  }
  const isTemplate = (name: string) => name === ('triterm-pty-host@.service' satisfies UnitName);
  return [
    ...units
      .filter(({ file }) => file !== 'current' && file !== 'packaged')
      .map(
        ({ name, path, file }) =>
          `${name}: ${FILE_PROBLEMS[file] ?? file}: ${again}${file === 'outdated' ? '' : ' --force'} replaces ${path}`,
      ),
    ...(needsReload ? [`systemd has not read the units again: ${systemctl} daemon-reload`] : []),
    ...units
      .filter(({ name, enabled }) => !isTemplate(name) && enabled !== 'enabled')
      .map(({ name, enabled }) => `${name} is ${enabled ?? 'not enabled'}: ${systemctl} enable ${name}`),
    ...units
      .filter(({ name, active }) => !isTemplate(name) && active !== 'active')
      .map(({ name, active }) => {
        const how =
          name === DAEMON_UNIT && lastExit !== null ? ` (${lastExit.result}, status ${lastExit.status})` : '';
        return `${name} is ${active ?? 'not active'}${how}: ${systemctl} start ${name}; journalctl${scope === 'user' ? ' --user' : ''} -u ${name}`;
      }),
    ...(lingering === false ? [`Sessions end when ${account} logs out: loginctl enable-linger`] : []),
  ];
}

const FILE_PROBLEMS: Readonly<Partial<Record<UnitReport['file'], string>>> = {
  outdated: 'its file is of another version or place of triterm',
  edited: 'its file was changed after it was installed',
  foreign: 'its file was not made by triterm',
};
