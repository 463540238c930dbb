const TICK_MS = 5;
/** A tick that comes later tells of a process that could not run. */
const MOST_MS = 25;

let sumMs = 0;
let lastMs = performance.now();

setInterval(tick, TICK_MS).unref();

/**
 * Milliseconds in which this process could run since it began: where all of the machine stood still or was busy with others, the
 * clock does next to, and what has a bound is not said to have exceeded it. For what is awaited; not for what blocks this thread.
 */
export function awakeMs(): number {
  tick();
  return sumMs;
}

function tick(): void {
  const nowMs = performance.now();
  sumMs += Math.min(nowMs - lastMs, MOST_MS);
  lastMs = nowMs;
}
