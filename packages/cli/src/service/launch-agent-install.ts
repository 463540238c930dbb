import type { InstallReport, ServiceHost } from './install.ts';
import { AGENT_LABEL } from './launch-agent.ts';
import type { ServicePlan } from './plan.ts';
import { refuseOthersFiles, removeServiceFiles, stateOf, writeServiceFiles } from './service-files.ts';
import type { ServiceStatus } from './status.ts';
import type { UninstallReport } from './uninstall.ts';

const UNTRIED = 'This was never tried on macOS: please tell whether it works.';

/** Writes the agent and tells how to load it: launchctl(1) is not run for you. */
export function installAgent(
  plan: ServicePlan,
  { force }: { force: boolean },
  { tell }: ServiceHost,
): InstallReport {
  if (!force) refuseOthersFiles(plan.files);
  const written = writeServiceFiles(plan.files);
  tell(UNTRIED);
  tell('Stop the daemon that runs now, then load the agent; sessions go on:');
  tell('  triterm daemon stop');
  for (const { path } of plan.files) tell(`  launchctl bootstrap gui/$(id -u) '${path}'`);
  return { manager: plan.manager, scope: plan.scope, account: plan.account, written, lingering: null };
}

/** Removes the agent and tells how to unload it. */
export function uninstallAgent(
  plan: ServicePlan,
  { force, kill }: { force: boolean; kill: boolean },
  { tell }: ServiceHost,
): UninstallReport {
  if (!force) refuseOthersFiles(plan.files);
  const removed = removeServiceFiles(plan.files);
  tell(UNTRIED);
  if (removed.length > 0) tell(`Unload it: launchctl bootout gui/$(id -u)/${AGENT_LABEL}`);
  if (kill) tell('End its sessions: triterm daemon stop --kill-sessions');
  return { manager: plan.manager, scope: plan.scope, removed, sessionsEnded: false };
}

/** Whether the file is there and ours; launchd itself is not asked. */
export function agentStatus(plan: ServicePlan): ServiceStatus {
  const units = plan.files.map(file => ({
    name: file.name,
    path: file.path,
    file: stateOf(file),
    enabled: null,
    active: null,
    dropIns: [],
  }));
  const installed = units.every(({ file }) => file !== 'absent');
  const current = units.every(({ file }) => file === 'current');
  return {
    manager: plan.manager,
    scope: plan.scope,
    account: plan.account,
    installed,
    current,
    units,
    mainPid: null,
    lastExit: null,
    restarts: null,
    watchdogMs: null,
    hosts: 0,
    lingering: null,
    problems: current ? [] : ['The agent is not what this version would write: triterm service install'],
  };
}
