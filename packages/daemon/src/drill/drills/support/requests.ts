import type { SessionInfo } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { Method, Params, Result } from '@triterm/core/protocol';
import type { ProtocolClient } from '@triterm/core/sandbox/protocol-client';
import { enter, runs } from '@triterm/core/sandbox/session-requests';
import { ClaimBroken, type Stage } from '../../stage.ts';

/** Nobody who works with a terminal waits longer; far above what a request takes, for the sake of busy machines. */
const BOUND_MS = 2000;
/** Then a request is given up, and the drill with it. */
const GIVEN_UP_MS = 5000;

const ENDED_WITH = 7;
/** A program that exits when it gets a line. */
export const ENDS_BY_ENTER: readonly string[] = ['sh', '-c', `read -r line; exit ${ENDED_WITH}`];

/** Requests that must be acknowledged: how many there were, and how long the slowest one took. */
export class Requests {
  readonly #stage: Stage;
  readonly #client: ProtocolClient;
  #count = 0;
  #slowest = { method: '', tookMs: 0 };

  constructor(stage: Stage, client: ProtocolClient) {
    this.#stage = stage;
    this.#client = client;
  }

  /** Rejects with ClaimBroken when it is refused. */
  async send<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
    this.#stage.signal.throwIfAborted();
    const startedMs = performance.now();
    try {
      const result = await this.#client.request(method, params, GIVEN_UP_MS);
      const tookMs = performance.now() - startedMs;
      if (tookMs > this.#slowest.tookMs) this.#slowest = { method, tookMs };
      this.#count += 1;
      return result;
    } catch (thrown) {
      this.#stage.signal.throwIfAborted();
      const claim = `${method} is acknowledged`;
      this.#stage.claim(claim, false, TermError.from(thrown).message);
      throw new ClaimBroken(claim);
    }
  }

  /** A session that runs this program. */
  async make(name: string, argv: readonly string[]): Promise<SessionInfo> {
    return (await this.send('session.create', runs(name, argv))).session;
  }

  /** Ends a session, whether its program runs or not, and takes it from the list. */
  async remove(target: string): Promise<void> {
    const { session } = await this.send('session.kill', { target, signal: 'SIGKILL' });
    if (session.state === 'running') await this.exited(target);
    if (await this.isListed(session.id)) await this.send('session.kill', { target });
  }

  /** Types Enter into a session of `ENDS_BY_ENTER`, and claims that its end is known. */
  async endByEnter(target: string): Promise<void> {
    await this.send('session.send', enter(target));
    const { state, exitCode } = await this.exited(target);
    const isKnown = state === 'exited' && exitCode === ENDED_WITH;
    this.#stage.claim('its end is known', isKnown, `${state}, status ${exitCode}`);
  }

  async exited(target: string): Promise<SessionInfo> {
    const condition = { kind: 'exit' as const };
    return (await this.send('session.wait', { target, condition, timeoutMs: GIVEN_UP_MS })).session;
  }

  async isListed(id: string): Promise<boolean> {
    const { sessions } = await this.send('session.list', {});
    return sessions.some(session => session.id === id);
  }

  /** Claims what is true of those that were sent since it was told last. `when`: such as `without Redis`. */
  tell(when: string): void {
    const { method, tookMs } = this.#slowest;
    this.#stage.claim(
      `all ${this.#count} requests ${when} are acknowledged`,
      this.#count > 0,
      `${this.#count} of ${this.#count}`,
    );
    this.#stage.claim(
      `no request ${when} takes longer than ${BOUND_MS} ms`,
      tookMs <= BOUND_MS,
      `${method} took ${Math.round(tookMs)} ms`,
    );
    this.#stage.measure(`slowest request ${when}`, tookMs, 'ms');
    this.#count = 0;
    this.#slowest = { method: '', tookMs: 0 };
  }
}
