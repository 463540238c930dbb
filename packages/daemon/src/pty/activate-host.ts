import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { verifySecureSocket } from '@triterm/core/config';
import { TermError } from '@triterm/core/errors';

/** The service manager's socket accepts at once; one that does not has its queue full. */
const CONNECT_TIMEOUT_MS = 2000;
const HINT =
  'See `systemctl --user status triterm-pty-host.socket` (without --user for units of the system).';

/**
 * Has the service manager start a host: it starts one for each connection to `activationSocket`, in a unit of its own, so that
 * the host is not of the daemon's cgroup and outlives it. The host reads from the connection where to listen, and closes it
 * once it does; `exited` resolves then, or when it has failed before. Rejects with PTY_HOST_UNAVAILABLE, or UNSAFE_PATH
 * when somebody else could have made the socket: a host of ours would end with the daemon's unit, so none is started.
 */
export async function activateHost(
  activationSocket: string,
  socketPath: string,
  maxPtys: number,
): Promise<{ exited: Promise<unknown> }> {
  if (!verifySecureSocket(activationSocket)) throw unavailable(`There is no ${activationSocket}.`);
  const socket = connect(activationSocket);
  // Whatever breaks it after it was made: it has ended.
  const exited = new Promise<void>(resolve => socket.once('close', () => resolve()));
  try {
    await connected(socket);
  } catch (cause) {
    socket.destroy();
    throw unavailable(`Nobody answers on ${activationSocket}.`, cause);
  }
  socket.on('error', () => {});
  socket.resume();
  socket.write(`${socketPath} ${maxPtys}\n`);
  // A host that reads nothing more keeps no daemon from leaving.
  socket.unref();
  return { exited };
}

async function connected(socket: Socket): Promise<void> {
  await once(socket, 'connect', { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) });
}

function unavailable(why: string, cause?: unknown): TermError {
  return new TermError('PTY_HOST_UNAVAILABLE', `systemd cannot start a pty-host: ${why}`, {
    cause,
    hint: HINT,
  });
}
