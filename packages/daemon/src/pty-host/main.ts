import { readFileSync, writeFileSync } from 'node:fs';
import { closeInherited } from './descriptors.ts';
import { HostServer } from './host-server.ts';
import { PtyTable } from './pty-table.ts';

/**
 * triterm-pty-host SOCKET [MAX_PTYS]: holds PTYs and their logs, and nothing else.
 *
 * It ends by itself when it holds no PTY and either was retired or has had no daemon for a minute; and when every program
 * has ended and no daemon has come for a week. SIGHUP and SIGINT are ignored. SIGTERM retires it: sessions that
 * run go on. SIGQUIT, which the service unit sends, hangs up every session and ends it.
 */
const IDLE_EXIT_MS = 60_000;
const ENDED_EXIT_MS = 7 * 24 * 3_600_000;
const HANG_UP_MS = 2000;
const DEFAULT_MAX_PTYS = 256;

const [socketPath, maxPtysText = String(DEFAULT_MAX_PTYS)] = process.argv.slice(2);
const maxPtys = Number(maxPtysText);
if (socketPath === undefined || !socketPath.startsWith('/') || !Number.isInteger(maxPtys) || maxPtys < 1) {
  process.stderr.write('usage: triterm-pty-host SOCKET [MAX_PTYS]\n');
  process.exit(2);
}

// Nothing of our starter's goes to a program, no directory is kept busy, and where memory ends, others go first.
closeInherited();
process.chdir('/');
lowerOomScore();
const table = new PtyTable(maxPtys);
const server = new HostServer(socketPath, table);
let isCommanded = false;
let idleTimer: NodeJS.Timeout | undefined;

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

process.on('SIGHUP', () => {});
process.on('SIGINT', () => {});
process.on('SIGTERM', () => table.retire());
process.on('SIGQUIT', hangUp);
// One fault must not take every session with it. What it left undone belongs to one request or one connection.
process.on('uncaughtException', error => process.stderr.write(`${error.stack ?? error.message}\n`));
process.on('unhandledRejection', reason => process.stderr.write(`${String(reason)}\n`));

armIdleTimer();
server.listen().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
