import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { STATE_DIR, Stop, say } from './workspace.mjs';

const POLL_MS = 100;
/** A first start on a slow line takes minutes. */
const DEADLINE_MS = 15 * 60_000;
/** Writing and breaking a lock take no time: what is half done for so long, its process died over. */
const HALF_DONE_MS = 10_000;

/**
 * Runs `work` while no other process runs its own below the same directory. Rejects with a Stop when the other takes too
 * long. The lock of a process that has died is taken away.
 */
export async function withLock(work, dir = STATE_DIR) {
  mkdirSync(dir, { recursive: true });
  const file = join(dir, 'lock');
  await take(file);
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

async function take(file) {
  const deadline = performance.now() + DEADLINE_MS;
  let told = false;
  while (!create(file, JSON.stringify(identify(process.pid)))) {
    const holder = readHolder(file);
    if (holder === undefined ? isHalfDone(file) : !isAlive(holder)) {
      breakLock(file, holder);
      continue;
    }
    if (performance.now() > deadline)
      throw new Stop(
        `another start (pid ${holder?.pid}) has been preparing this checkout for ${DEADLINE_MS / 60_000} minutes.`,
        `End it, or remove ${file}.`,
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
function readHolder(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function breakLock(file, dead) {
  // Held meanwhile, so that nobody takes away the lock of the next one.
  const breaker = `${file}.break`;
  if (!create(breaker, '')) {
    if (isHalfDone(breaker)) rmSync(breaker, { force: true });
    return;
  }
  const holder = readHolder(file);
  if (holder?.pid === dead?.pid && holder?.started === dead?.started) rmSync(file, { force: true });
  rmSync(breaker, { force: true });
}

function isHalfDone(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && Date.now() - found.mtimeMs > HALF_DONE_MS;
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
