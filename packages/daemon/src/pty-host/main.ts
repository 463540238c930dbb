import { readFileSync, writeFileSync } from 'node:fs';
import { closeRequest, type HostRequest, readRequest } from './activation.ts';
import { closeInherited } from './descriptors.ts';
import { HostServer } from './host-server.ts';
import { PtyTable } from './pty-table.ts';
import { SessionCgroups } from './session-cgroups.ts';

/**
 * triterm-pty-host SOCKET [MAX_PTYS]: holds PTYs and their logs, and nothing else.
 * triterm-pty-host --activated RUN_DIR: the same as a unit of systemd, which is asked for on standard input.
 *
 * It ends by itself when it holds no PTY and either was retired or has had no daemon for a minute; and when every program
 * has ended and no daemon has come for a week. SIGHUP and SIGINT are ignored. SIGTERM retires it: sessions that
 * run go on. SIGQUIT, which the service unit sends, hangs up every session and ends it.
 */
const IDLE_EXIT_MS = 60_000;
const ENDED_EXIT_MS = 7 * 24 * 3_600_000;
const HANG_UP_MS = 2000;
const DEFAULT_MAX_PTYS = 256;

const USAGE = 'usage: triterm-pty-host SOCKET [MAX_PTYS]\n       triterm-pty-host --activated RUN_DIR\n';

// Nothing of our starter's goes to a program, no directory is kept busy, and where memory ends, others go first.
closeInherited();
process.chdir('/');
lowerOomScore();
const args = process.argv.slice(2);
const isActivated = args[0] === '--activated';
const request = isActivated ? await requested(args[1]) : named(args);
// Only a unit of its own may divide its cgroup: elsewhere the host is in somebody else's.
const table = new PtyTable(request.maxPtys, isActivated ? SessionCgroups.open() : undefined);
const server = new HostServer(request.socketPath, table);
let isCommanded = false;
let idleTimer: NodeJS.Timeout | undefined;

function named([socketPath, maxPtysText = String(DEFAULT_MAX_PTYS)]: readonly string[]): HostRequest {
  const maxPtys = Number(maxPtysText);
  if (socketPath === undefined || !socketPath.startsWith('/') || !Number.isInteger(maxPtys) || maxPtys < 1)
    return refuse(USAGE, 2);
  return { socketPath, maxPtys };
}

async function requested(runDir: string | undefined): Promise<HostRequest> {
  if (runDir === undefined || !runDir.startsWith('/')) return refuse(USAGE, 2);
  try {
    return await readRequest(runDir);
  } catch (thrown) {
    return refuse(`triterm-pty-host: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`, 1);
  }
}

function refuse(text: string, exitCode: number): never {
  process.stderr.write(text);
  process.exit(exitCode);
}

/** A daemon that started us has raised its own score, and we inherit it. */
function lowerOomScore(): void {
  try {
    const file = '/proc/self/oom_score_adj';
    if (Number(readFileSync(file, 'utf8')) > 0) writeFileSync(file, '0');
  } catch {
    // Not Linux, or somebody with more rights than we have decided otherwise.
  }
}

function leave(): never {
  server.close();
  process.exit(0);
}

function armIdleTimer(): void {
  clearTimeout(idleTimer);
  if (isCommanded) return;
  idleTimer = setTimeout(leaveIfIdle, table.size === 0 ? IDLE_EXIT_MS : ENDED_EXIT_MS);
}

function leaveIfIdle(): void {
  if (isCommanded) return;
  if ([...table.all()].every(pty => pty.ended)) leave();
  armIdleTimer();
}

/** Closing the masters sends SIGHUP; the programs get a moment to end before their last reader goes. */
function hangUp(): void {
  table.retire();
  for (const pty of table.all()) {
    try {
      pty.signal('SIGHUP');
    } catch {
      // It has ended already.
    }
  }
  const giveUp = setTimeout(leave, HANG_UP_MS);
  const poll = setInterval(() => {
    if (![...table.all()].every(pty => pty.ended)) return;
    clearTimeout(giveUp);
    clearInterval(poll);
    leave();
  }, 20);
}

table.onEmpty = () => {
  // Whoever forgot the last one is still to be answered.
  if (table.retired) setImmediate(leave);
  armIdleTimer();
};
server.onCommanded = commanded => {
  isCommanded = commanded;
  armIdleTimer();
};

// Node would open its debugger to every local program.
process.on('SIGUSR1', () => {});
process.on('SIGHUP', () => {});
process.on('SIGINT', () => {});
process.on('SIGTERM', () => table.retire());
process.on('SIGQUIT', hangUp);
// One fault must not take every session with it. What it left undone belongs to one request or one connection.
process.on('uncaughtException', error => process.stderr.write(`${error.stack ?? error.message}\n`));
process.on('unhandledRejection', reason => process.stderr.write(`${String(reason)}\n`));

armIdleTimer();
try {
  await server.listen();
} catch (thrown) {
  refuse(`${thrown instanceof Error ? thrown.message : String(thrown)}\n`, 1);
}
if (isActivated) closeRequest();
