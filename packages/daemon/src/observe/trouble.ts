import { TermError } from '@triterm/core/errors';
import type { Log } from './log.ts';

/** Something failed behind everybody's back; mostly it is tried again. `session`: whose it was. */
export type TellTrouble = (what: string, thrown: unknown, session?: string) => void;

/** Tells the log. */
export function troubleLog(log: Pick<Log, 'warn'>): TellTrouble {
  return (what, thrown, session) => {
    const { code, message } = TermError.from(thrown);
    const of = session === undefined ? {} : { session };
    log.warn({ ...of, code, error: message }, `trouble while ${what}`);
  };
}
