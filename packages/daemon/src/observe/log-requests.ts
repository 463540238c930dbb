import type { Principal } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { Log } from './log.ts';

/** Who asks. */
interface Caller {
  readonly principal: Principal;
  /** Over the network. */
  readonly remote: boolean;
}

export interface Requests<C extends Caller> {
  request(caller: C, method: string, params: unknown, channel: number): Promise<unknown>;
}

/**
 * The same, with a line for each request when it is answered: who asked for what, how long it took and how it ended. Nothing of what
 * was asked with or answered: that is what people type and programs print.
 */
export function loggedRequests<C extends Caller>(
  requests: Requests<C>,
  log: Pick<Log, 'debug'>,
): Requests<C> {
  return {
    request: async (caller, method, params, channel) => {
      const startedAtMs = performance.now();
      const answered = (code: string) => {
        const { principal, remote } = caller;
        const durationMs = Math.round(performance.now() - startedAtMs);
        log.debug(
          { method: method.slice(0, 64), user: principal.userId, remote, durationMs, code },
          'request',
        );
      };
      try {
        const answer = await requests.request(caller, method, params, channel);
        answered('ok');
        return answer;
      } catch (thrown) {
        answered(TermError.from(thrown).code);
        throw thrown;
      }
    },
  };
}
