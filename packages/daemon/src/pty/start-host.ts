import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { PTY_HOST_NODE_OPTIONS } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import { ENTRY_POINT_OPTIONS, entryPoint } from '../entry-points.ts';

/** A host needs no more of the environment; sessions get theirs with each spawn. */
const KEPT_VARIABLES = ['PATH', 'HOME', 'LANG', 'TZ'];

/**
 * Starts a host that outlives us: its own session, cwd `/`, nothing of our descriptors. Resolves once it runs, which
 * is before it listens; `exited` resolves when it ends. Rejects with PTY_HOST_UNAVAILABLE.
 */
export async function startHost(socketPath: string, maxPtys: number): Promise<{ exited: Promise<unknown> }> {
  const env: NodeJS.ProcessEnv = {};
  for (const name of KEPT_VARIABLES) {
    if (process.env[name] !== undefined) env[name] = process.env[name];
  }
  const file = fileURLToPath(entryPoint('triterm-pty-host'));
  const args = [...PTY_HOST_NODE_OPTIONS, ...ENTRY_POINT_OPTIONS, file, socketPath, String(maxPtys)];
  const child = spawn(process.execPath, args, {
    cwd: '/',
    env,
    detached: true,
    stdio: 'ignore',
  });
  const exited = once(child, 'exit').catch(() => {});
  try {
    await once(child, 'spawn');
  } catch (cause) {
    throw new TermError('PTY_HOST_UNAVAILABLE', 'Cannot start a pty-host.', { cause });
  }
  child.unref();
  return { exited };
}
