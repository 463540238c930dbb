import { nowMs } from './history.ts';

const LOOK_MS = 50;

export function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}

/** Asks until it is so; false when it was not within the deadline. */
export async function eventually(deadlineMs: number, ask: () => Promise<boolean>): Promise<boolean> {
  const endMs = nowMs() + deadlineMs;
  while (!(await ask())) {
    if (nowMs() > endMs) return false;
    await pause(LOOK_MS);
  }
  return true;
}
