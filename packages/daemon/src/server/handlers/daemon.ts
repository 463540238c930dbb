import type { Result } from '@triterm/core/protocol/messages';
import type { Handlers } from '../router.ts';

/** What the process itself can tell and do. */
export interface DaemonControl {
  status(): Result<'daemon.status'>;
  /** Begins to end the process after the reply was written. */
  shutdown(reason: 'stop' | 'restart', killSessions: boolean): Promise<void>;
}

export function daemonHandlers(control: DaemonControl): Pick<Handlers, 'daemon.status' | 'daemon.shutdown'> {
  return {
    'daemon.status': () => control.status(),
    'daemon.shutdown': async ({ reason, killSessions }) => {
      await control.shutdown(reason, killSessions);
      return { pid: process.pid };
    },
  };
}
