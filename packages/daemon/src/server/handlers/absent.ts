import type { AbsentSessions } from '../../session/absent-sessions.ts';
import type { AbsentHandlers } from '../router.ts';

/** What can be answered, and done, for a session whose server can't be reached. */
export function absentHandlers(absent: AbsentSessions): AbsentHandlers {
  return {
    'session.show': (_params, located) => absent.show(located),
    'session.capture': (params, located, { reason }) => absent.capture(located, params, reason),
    'session.kill': ({ force }, located, { reason }) => absent.kill(located, force, reason),
  };
}
