import type { LogLevel } from '@triterm/core/domain';
import type { Result } from '@triterm/core/protocol/messages';
import type { Handlers } from '../router.ts';

/** What the process itself can tell and do. */
export interface DaemonControl {
  status(): Result<'daemon.status'>;
  /** Begins to end the process after the reply was written. */
  shutdown(reason: 'stop' | 'restart', killSessions: boolean): Promise<void>;
  /** Refuses new sessions from now on and hands clients over, or (`undo`) takes them again. */
  drain(undo: boolean): Promise<Result<'daemon.drain'>>;
  /** Throws BAD_CONFIG, and then nothing has changed. */
  reload(): Result<'daemon.reload'>;
  /** Null: as it is configured; undefined: as it is. */
  logLevel(level: LogLevel | null | undefined): Result<'daemon.log'>;
}

export function daemonHandlers(
  control: DaemonControl,
): Pick<Handlers, 'daemon.status' | 'daemon.shutdown' | 'daemon.drain' | 'daemon.reload' | 'daemon.log'> {
  return {
    'daemon.status': () => control.status(),
    'daemon.shutdown': async ({ reason, killSessions }) => {
      await control.shutdown(reason, killSessions);
      return { pid: process.pid };
    },
    'daemon.drain': ({ undo }) => control.drain(undo),
    'daemon.reload': () => control.reload(),
    'daemon.log': ({ level }) => control.logLevel(level),
  };
}
