import { chmodSync, lstatSync, renameSync, rmSync, type Stats } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { checkSocketPath, ensureSecureDir, fileError } from '@triterm/core/config';
import { newToken } from '@triterm/core/domain';
import { errnoName, TermError } from '@triterm/core/errors';

/** Connections that may be open at once; more are refused by closing them. */
export const MAX_CONNECTIONS = 1024;
/** Connections that the kernel may hold for us before they are accepted. */
export const BACKLOG = 512;

/** Accepts connections until it is closed; those that it accepted live on. */
export interface Listener {
  close(): void;
}

/**
 * Listens on a unix socket, 0600 in a directory of mode 0700 that is ours. The caller holds the state directory's lock, so
 * that a socket found there is a dead daemon's; it is replaced in one step, so that clients always find one. Anything
 * else that lies there is left alone. Rejects with UNSAFE_PATH, BAD_CONFIG, PERMISSION_DENIED, DISK_FULL, READ_ONLY_STATE
 * or DAEMON_START_FAILED.
 */
export async function listenUnix(path: string, onConnection: (socket: Socket) => void): Promise<Listener> {
  checkSocketPath(path);
  ensureSecureDir(dirname(path));
  assertReplaceable(path);
  // On close the system removes the path that was bound, whoever has made the socket that lies there by then. So another
  // name is bound, and the socket then moved. No longer than the real one, so that it fits too.
  const draft = join(dirname(path), newToken().slice(0, 8));
  const server = createServer(onConnection);
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    // Also later: a connection that could not be accepted is lost to its client and harms nobody else.
    server.on('error', cause => {
      reject(new TermError('DAEMON_START_FAILED', `Cannot listen on ${path}: ${cause.message}`, { cause }));
    });
    server.listen({ path: draft, backlog: BACKLOG }, resolve);
  });
  try {
    // The directory admits nobody else while the mode is set.
    chmodSync(draft, 0o600);
    const own = lstatSync(draft);
    renameSync(draft, path);
    return { close: () => close(server, path, own) };
  } catch (thrown) {
    server.close();
    throw fileError(thrown, `Cannot make ${path}`);
  }
}

/** Removes the socket only if it is still ours. */
function close(server: Server, path: string, own: Stats): void {
  server.close();
  const found = find(path);
  if (found?.ino === own.ino && found.dev === own.dev) rmSync(path, { force: true });
}

function assertReplaceable(path: string): void {
  const found = find(path);
  if (found === undefined || found.isSocket()) return;
  throw new TermError(
    'UNSAFE_PATH',
    `${path} is not a socket${found.isSymbolicLink() ? ' but a symlink' : ''}.`,
    {
      hint: `Move it away, then try again: mv '${path}' '${path}.old'`,
    },
  );
}

function find(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (thrown) {
    if (errnoName(thrown) === 'ENOENT') return undefined;
    throw fileError(thrown, `Cannot look at ${path}`);
  }
}
