import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { STATE_DIR, Stop, say } from './workspace.mjs';

const FILE = join(STATE_DIR, 'lock');
/** Held while a lock of a dead process is taken away, so that nobody takes away the next one's. */
const BREAKER = join(STATE_DIR, 'lock.break');

const POLL_MS = 100;
/** A first start on a slow line takes minutes. */
const DEADLINE_MS = 15 * 60_000;
/** Breaking takes no time: older than this, who did it died over it. */
const BREAKER_STALE_MS = 10_000;

/** Runs `work` while no other process of this checkout runs its own. Rejects with a Stop when the other takes too long. */
export async function withLock(work) {
  await take();
  try {
    return await work();
  } finally {
    rmSync(FILE, { force: true });
  }
}

async function take() {
  mkdirSync(STATE_DIR, { recursive: true });
  const deadline = performance.now() + DEADLINE_MS;
  let told = false;
  while (!create(FILE, JSON.stringify(identify(process.pid)))) {
    const holder = readHolder();
    if (holder !== undefined && !isAlive(holder)) {
      breakLock(holder);
      continue;
    }
    if (performance.now() > deadline)
      throw new Stop(
        `another start (pid ${holder?.pid}) has been preparing this checkout for ${DEADLINE_MS / 60_000} minutes.`,
        `End it, or remove ${FILE}.`,
      );
    if (!told && holder !== undefined) say(`waiting for another start (pid ${holder.pid}) to finish`);
    told ||= holder !== undefined;
    await pause(POLL_MS);
  }
}

function create(path, content) {
  let fd;
  try {
    fd = openSync(path, 'wx');
  } catch (cause) {
    if (cause.code === 'EEXIST') return false;
    throw cause;
  }
  writeFileSync(fd, content);
  closeSync(fd);
  return true;
}

/** Undefined while it is being written, and when it is gone. */
function readHolder() {
  try {
    return JSON.parse(readFileSync(FILE, 'utf8'));
  } catch {
    return undefined;
  }
}

function breakLock(dead) {
  if (!create(BREAKER, '')) {
    try {
      if (Date.now() - statSync(BREAKER).mtimeMs > BREAKER_STALE_MS) rmSync(BREAKER, { force: true });
    } catch {
      // It is gone: whoever held it has finished.
    }
    return;
  }
  const holder = readHolder();
  if (holder?.pid === dead.pid && holder.started === dead.started) rmSync(FILE, { force: true });
  rmSync(BREAKER, { force: true });
}

/** A pid alone may belong to another process by now. */
function identify(pid) {
  return { pid, started: startTime(pid) };
}

function isAlive({ pid, started }) {
  try {
    process.kill(pid, 0);
  } catch (cause) {
    return cause.code === 'EPERM';
  }
  return startTime(pid) === started;
}

/** Since boot, in clock ticks (proc(5)); null where there is no /proc. */
function startTime(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return null;
  }
}
