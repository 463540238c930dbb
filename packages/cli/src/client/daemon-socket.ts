import { connect, type Socket } from 'node:net';
import { verifySecureSocket } from '@triterm/core/config';
import type { Paths } from '@triterm/core/config/paths';
import { errnoName, TermError } from '@triterm/core/errors';

/** A connect to a unix socket is immediate; one that takes longer waits for a daemon that accepts nothing. */
const CONNECT_TIMEOUT_MS = 2000;

/**
 * Connects to the daemon's socket. Undefined when nobody listens (no socket, a stale one, or that of a daemon that ends).
 * Throws UNSAFE_PATH when directory or socket could belong to somebody else, PERMISSION_DENIED, DAEMON_NOT_RESPONDING, BAD_CONFIG.
 */
export async function connectSocket(
  paths: Pick<Paths, 'socket'>,
  timeoutMs = CONNECT_TIMEOUT_MS,
): Promise<Socket | undefined> {
  if (!verifySecureSocket(paths.socket)) return undefined;
  const socket = connect(paths.socket);
  try {
    await connected(socket, timeoutMs);
    return socket;
  } catch (thrown) {
    socket.destroy();
    return refused(thrown, paths.socket);
  }
}

function connected(socket: Socket, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () =>
        reject(
          new TermError('DAEMON_NOT_RESPONDING', `tritermd accepts no connection within ${timeoutMs} ms.`),
        ),
      timeoutMs,
    );
    socket.once('error', cause => {
      clearTimeout(timer);
      reject(cause);
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      resolve();
    });
  });
}

/** Undefined when it means that no daemon runs; throws everything else. */
function refused(thrown: unknown, path: string): undefined {
  if (thrown instanceof TermError) throw thrown;
  switch (errnoName(thrown)) {
    case 'ENOENT':
    case 'ECONNREFUSED':
    // It ended with the connection still in its queue.
    case 'ECONNRESET':
      return undefined;
    case 'EACCES':
    case 'EPERM':
      throw new TermError('PERMISSION_DENIED', `You may not connect to ${path}.`, { cause: thrown });
    case 'EAGAIN':
      throw new TermError('DAEMON_NOT_RESPONDING', 'tritermd accepts no more connections.', {
        cause: thrown,
      });
    default:
      throw TermError.from(thrown, 'DAEMON_UNREACHABLE');
  }
}
