import type { Result } from '@triterm/core/protocol/messages';
import type { Handlers } from '../router.ts';

/** What the process itself can tell and do. */
export interface DaemonControl {
  status(): Result<'daemon.status'>;
  /** Begins to end the process after the reply was written. */
  shutdown(reason: 'stop' | 'restart', killSessions: boolean): Promise<void>;
  /** Refuses new sessions from now on and hands clients over, or (`undo`) takes them again. */
  drain(undo: boolean): Promise<Result<'daemon.drain'>>;
}

export function daemonHandlers(
  control: DaemonControl,
): Pick<Handlers, 'daemon.status' | 'daemon.shutdown' | 'daemon.drain'> {
  return {
    'daemon.status': () => control.status(),
    'daemon.shutdown': async ({ reason, killSessions }) => {
      await control.shutdown(reason, killSessions);
      return { pid: process.pid };
    },
    'daemon.drain': ({ undo }) => control.drain(undo),
  };
}
