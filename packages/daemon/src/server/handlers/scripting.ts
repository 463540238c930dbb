import type { SessionService } from '../../session/session-service.ts';
import { waitFor } from '../../session/wait.ts';
import type { Handlers } from '../router.ts';

type ScriptingMethods =
  | 'session.send'
  | 'session.capture'
  | 'session.wait'
  | 'session.run'
  | 'session.search';

/** What scripts and agents do with a session without attaching to it. */
export function scriptingHandlers(service: SessionService): Pick<Handlers, ScriptingMethods> {
  return {
    'session.send': (params, { connection }) => service.send(params, connection.gone),
    'session.capture': async ({ target, format, scrollbackLines, before }) => {
      const session = service.registry.known(target);
      const capture = await session.capture({
        ansi: format === 'ansi',
        scrollbackLines: scrollbackLines < 0 ? Number.MAX_SAFE_INTEGER : scrollbackLines,
        before,
      });
      const { cols: _cols, rows: _rows, ...shown } = capture;
      return { session: session.info(), ...shown, asOf: null };
    },
    'session.wait': async ({ target, condition, timeoutMs }, { connection }) => {
      const session = service.registry.known(target);
      const outcome = await waitFor(session, condition, timeoutMs, connection.gone);
      return { session: session.info(), ...outcome };
    },
    'session.run': (params, { connection }) => service.run(params, connection.gone),
    'session.search': ({ target, pattern, ignoreCase, limit }) => {
      const session = service.registry.known(target);
      return session.withScreen(screen => screen.search(pattern, ignoreCase ? 'iu' : 'u', limit));
    },
  };
}
