/** Milliseconds of CLOCK_MONOTONIC, the same for every process of the machine. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}

/** Rejects with what was waited for when it has not come in time. */
export async function within<T>(timeoutMs: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new NotInTime(what, timeoutMs)), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks again and again until it holds. Throws NotInTime. */
export async function until(
  timeoutMs: number,
  what: string,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = nowMs() + timeoutMs;
  while (!(await holds())) {
    if (nowMs() > deadline) throw new NotInTime(what, timeoutMs);
    await pause(10);
  }
}

export class NotInTime extends Error {
  constructor(what: string, timeoutMs: number) {
    super(`not within ${Math.round(timeoutMs / 100) / 10} s: ${what}`);
  }
}
