import { closeSync, openSync, readdirSync, readlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import { basename, dirname, join } from 'node:path';

/** What the daemon that asked for this host wants of it. */
export interface HostRequest {
  readonly socketPath: string;
  readonly maxPtys: number;
}

/** Standard input: the connection for which the service manager has started us. */
const CONNECTION = 0;
const REQUEST_TIMEOUT_MS = 5000;
/** A socket's path has 107 bytes at most, and a number follows. */
const MAX_REQUEST_BYTES = 256;
const MAX_PTYS = 65_536;
/** The daemon makes the names; nothing that leads elsewhere is one. */
const SOCKET_NAME = /^unit-[0-9a-f]{8}\.sock$/;

/** Reads the request from standard input. Rejects with Error when none comes in time, or it is not for a host in `runDir`. */
export async function readRequest(runDir: string): Promise<HostRequest> {
  closeCopies();
  return parseRequest(await readLine(), runDir);
}

/** `SOCKETPATH MAX_PTYS`, without the line's end. Throws Error. */
export function parseRequest(line: string, runDir: string): HostRequest {
  const [, socketPath = '', count] = /^(.*) ([1-9]\d{0,4})$/.exec(line) ?? [];
  const maxPtys = Number(count);
  const isOurs = dirname(socketPath) === join(runDir, 'hosts') && SOCKET_NAME.test(basename(socketPath));
  if (!isOurs || !(maxPtys <= MAX_PTYS))
    throw new Error(`this is no request for a pty-host in ${runDir}: ${JSON.stringify(line)}`);
  return { socketPath, maxPtys };
}

/** The host listens, or it never will: nobody waits for the connection any more, and no program is to find it. */
export function closeRequest(): void {
  closeSync(CONNECTION);
  // The lowest number that is free, so that nothing else becomes standard input.
  openSync('/dev/null', 'r');
}

/** The manager passes the connection by sd_listen_fds(3) too: whoever holds a copy would keep it open. */
function closeCopies(): void {
  const connection = target(CONNECTION);
  for (const name of readdirSync('/proc/self/fd')) {
    const fd = Number(name);
    if (fd > 2 && connection?.startsWith('socket:') && target(fd) === connection) closeSync(fd);
  }
}

function target(fd: number): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return undefined;
  }
}

function readLine(): Promise<string> {
  const socket = new Socket({ fd: CONNECTION, readable: true, writable: false });
  return new Promise((resolve, reject) => {
    let text = '';
    const timer = setTimeout(() => fail('no request came'), REQUEST_TIMEOUT_MS);
    const finish = (): void => {
      clearTimeout(timer);
      // The descriptor stays open: libuv closes none of the first three.
      socket.destroy();
    };
    const fail = (why: string): void => {
      finish();
      reject(new Error(why));
    };
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end < 0 && text.length <= MAX_REQUEST_BYTES) return;
      if (end < 0 || end > MAX_REQUEST_BYTES) return fail('the request is too long');
      finish();
      resolve(Buffer.from(text.slice(0, end), 'latin1').toString());
    });
    socket.on('end', () => fail('the request has no end'));
    socket.on('error', error => fail(error.message));
  });
}
