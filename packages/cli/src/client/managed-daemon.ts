import { readFileSync, writeFileSync } from 'node:fs';
import type { Paths } from '@triterm/core/config/paths';
import type { Result } from '@triterm/core/protocol';
import type { Systemd } from '../service/systemd.ts';
import type { DaemonClient } from './daemon-client.ts';

/** Who starts and stops a daemon that we do not. */
type Manager = NonNullable<Result<'daemon.status'>['manager']>;
type Scope = Manager['scope'];

/** The stop marker of a managed daemon, such as `systemd user tritermd.service`: the next start goes by it. */
const MARK = /^systemd (user|system) (\S+)\.service$/;

/**
 * Stops a daemon that systemd manages, and its socket, which would start it again at the next connection. `leave` asks the
 * daemon itself, which tells its clients. Throws NO_SERVICE_MANAGER or SERVICE_FAILED before anything has happened.
 */
export async function stopManaged(
  manager: Manager,
  env: NodeJS.ProcessEnv,
  paths: Paths,
  leave: () => Promise<{ pid: number }>,
): Promise<{ pid: number }> {
  const systemd = await openSystemd(manager.scope, env);
  const name = manager.unit.replace(/\.service$/, '');
  const sockets = await socketsOf(name, systemd);
  if (sockets.length > 0) await systemd.manage('stop', ...sockets);
  const left = await leave();
  await systemd.manage('stop', `${name}.service`);
  // After it: a daemon that was started meanwhile has removed it.
  writeFileSync(paths.stopMarker, `systemd ${manager.scope} ${name}.service\n`, { mode: 0o600 });
  return left;
}

/** What the daemon itself says of who manages it; one of an earlier release does not. */
export async function managerOf(client: DaemonClient): Promise<Manager | null> {
  return (await client.request('daemon.status', {})).manager ?? null;
}

/** Starts what `stopManaged` has stopped; nothing when the daemon was stopped otherwise. Throws NO_SERVICE_MANAGER, SERVICE_FAILED. */
export async function startManaged(env: NodeJS.ProcessEnv, paths: Paths): Promise<void> {
  const [, scope, name] = MARK.exec(readMarker(paths)) ?? [];
  if (name === undefined) return;
  const systemd = await openSystemd(scope === 'user' ? 'user' : 'system', env);
  // Uninstalled since, by whomever: it is started as any other then.
  if (!(await isThere(`${name}.service`, systemd))) return;
  await systemd.manage('start', ...(await socketsOf(name, systemd)), `${name}.service`);
}

/** A unit that somebody has written by hand has none, and systemd stops nothing at all when one word names nothing. */
async function socketsOf(name: string, systemd: Systemd): Promise<string[]> {
  const socket = `${name}.socket`;
  return (await isThere(socket, systemd)) ? [socket] : [];
}

async function isThere(unit: string, systemd: Systemd): Promise<boolean> {
  const [found] = await systemd.show([unit], ['LoadState']);
  return found?.LoadState !== 'not-found';
}

function readMarker({ stopMarker }: Paths): string {
  try {
    return readFileSync(stopMarker, 'utf8').trim();
  } catch {
    return '';
  }
}

/** Few daemons are managed, and none at the start of a command. */
async function openSystemd(scope: Scope, env: NodeJS.ProcessEnv): Promise<Systemd> {
  const { Systemd } = await import('../service/systemd.ts');
  return Systemd.open(scope, env);
}
