import { unwatchFile, watchFile } from 'node:fs';
import { readTlsFiles, type TlsFiles, type TlsPair } from '@triterm/core/config/load';
import { TermError } from '@triterm/core/errors';

/** How often the files are looked at, and how long they have to be left alone before they are read. */
export interface WatchTimes {
  readonly pollMs: number;
  readonly settleMs: number;
}

const WATCH_TIMES: WatchTimes = { pollMs: 1000, settleMs: 500 };

/**
 * Calls when the files have changed, with what they hold now or what is wrong with it. By polling: certificates are replaced by
 * renames, symlinks and mounts, of which no other way hears reliably. Returns what ends it.
 */
export function watchTlsFiles(
  files: TlsFiles,
  changed: (pair: TlsPair) => void,
  broken: (error: TermError) => void,
  { pollMs, settleMs }: WatchTimes = WATCH_TIMES,
): () => void {
  let timer: NodeJS.Timeout | undefined;
  const readAgain = (): void => {
    try {
      changed(readTlsFiles(files));
    } catch (thrown) {
      broken(TermError.from(thrown));
    }
  };
  // Certificate and key are replaced one after the other.
  const touched = (): void => {
    clearTimeout(timer);
    timer = setTimeout(readAgain, settleMs).unref();
  };
  const paths = [files.certFile, files.keyFile];
  for (const path of paths) watchFile(path, { interval: pollMs, persistent: false }, touched);
  return () => {
    clearTimeout(timer);
    for (const path of paths) unwatchFile(path, touched);
  };
}
