import { fstatSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { verifySecureSocket } from '@triterm/core/config';
import { TermError } from '@triterm/core/errors';
import { BACKLOG, type Listener, MAX_CONNECTIONS } from './listener.ts';

/** __SO_ACCEPTCON and SOCK_STREAM, as /proc/net/unix shows them. */
const LISTENS = '00010000';
const STREAM = '0001';
const HINT =
  'The unit tritermd.socket needs ListenStream= with this path; `triterm service install` writes it so.';

/**
 * Accepts connections on a unix socket that the service manager listens on and has passed as a descriptor. It stays the manager's:
 * after `close` the socket lies where it was, and clients that come then wait for the next daemon. Rejects with
 * DAEMON_START_FAILED when the descriptor is anything but a listening socket on `path`, and with UNSAFE_PATH when others may use it.
 */
export async function listenInherited(
  fd: number,
  path: string,
  onConnection: (socket: Socket) => void,
): Promise<Listener> {
  assertListensOn(fd, path);
  if (!verifySecureSocket(path)) throw refusal(`nothing lies at ${path}`);
  const server = createServer(onConnection);
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    // Also later: a connection that could not be accepted is lost to its client and harms nobody else.
    server.on('error', cause => reject(refusal(cause.message, cause)));
    server.listen({ fd, backlog: BACKLOG }, resolve);
  });
  return { close: () => void server.close() };
}

function assertListensOn(fd: number, path: string): void {
  const inode = socketInode(fd);
  if (inode === undefined) throw refusal(`descriptor ${fd} is no socket`);
  const bound = boundPath(readFileSync('/proc/net/unix', 'latin1'), inode);
  if (bound === undefined) throw refusal(`descriptor ${fd} is no listening unix stream socket`);
  if (!isSamePlace(bound, path)) throw refusal(`descriptor ${fd} listens on ${bound} instead of ${path}`);
}

function socketInode(fd: number): string | undefined {
  try {
    if (!fstatSync(fd).isSocket()) return undefined;
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1];
  } catch {
    return undefined;
  }
}

/**
 * Where the listening stream socket of this inode is bound; undefined when it is another kind, or has no path. `table`: the content
 * of /proc/net/unix (proc(5)): `Num RefCount Protocol Flags Type St Inode Path`, its path as bytes.
 */
export function boundPath(table: string, inode: string): string | undefined {
  for (const line of table.split('\n')) {
    const [, , , flags, type, , found] = line.trim().split(/\s+/, 7);
    if (found !== inode) continue;
    const bytes = new RegExp(`\\s${inode} (/.*)$`).exec(line)?.[1];
    if (flags !== LISTENS || type !== STREAM || bytes === undefined) return undefined;
    return Buffer.from(bytes, 'latin1').toString();
  }
  return undefined;
}

/** A directory above it may have two names. */
function isSamePlace(one: string, other: string): boolean {
  return one === other || resolved(one) === resolved(other);
}

function resolved(path: string): string {
  try {
    return join(realpathSync(dirname(path)), basename(path));
  } catch {
    return path;
  }
}

function refusal(why: string, cause?: unknown): TermError {
  return new TermError('DAEMON_START_FAILED', `The socket from systemd cannot be used: ${why}.`, {
    cause,
    hint: HINT,
  });
}
