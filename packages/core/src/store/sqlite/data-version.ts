/** How late a write of another process is noticed, unless told otherwise. */
export const DATA_VERSION_INTERVAL_MS = 100;

export interface DataVersionOptions {
  /** Another value whenever another connection may have written since; undefined when that can't be said now. */
  readonly dataVersion: () => string | undefined;
  /** Another connection may have written, one of this process or of another. */
  readonly changed: () => void;
  readonly intervalMs?: number;
}

/**
 * Asks the database (`PRAGMA data_version`) at an interval whether another connection has written. It keeps no process running. Returns
 * what ends it.
 */
export function watchDataVersion(options: DataVersionOptions): () => void {
  const { dataVersion, changed, intervalMs = DATA_VERSION_INTERVAL_MS } = options;
  let last = dataVersion();
  const timer = setInterval(() => {
    const now = dataVersion();
    // Unknown is followed by a call as soon as it is known again: what happened meanwhile is not.
    if (now !== undefined && now !== last) changed();
    last = now;
  }, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}
