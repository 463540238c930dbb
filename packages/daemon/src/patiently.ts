export interface Patience {
  /** Infinity: no limit. */
  readonly waitMs: number;
  /** Aborts when nobody waits any more. */
  readonly gone: AbortSignal;
}

/** The outcome of `work`, or a rejection with what `giveUp` makes at the moment at which the time is over or `gone` aborts. */
export async function patiently<T>(
  work: Promise<T>,
  { waitMs, gone }: Patience,
  giveUp: () => Error,
): Promise<T> {
  const over = Promise.withResolvers<never>();
  const end = () => over.reject(giveUp());
  const timer = Number.isFinite(waitMs) ? setTimeout(end, Math.max(0, waitMs)) : undefined;
  gone.addEventListener('abort', end, { once: true });
  if (gone.aborted) end();
  try {
    return await Promise.race([work, over.promise]);
  } finally {
    clearTimeout(timer);
    gone.removeEventListener('abort', end);
  }
}
