import { newToken, type SessionInfo } from '@triterm/core/domain';
import { agreement, processesWith } from './agreement.ts';
import type { DaemonProcess } from './daemon-process.ts';
import { attachAndEcho } from './echo.ts';
import type { Fleet } from './fleet.ts';

const MARK = 'TT_SESSION';

/** `server-1` to `server-3` of a fleet, and what tests of them ask again and again. */
export class ThreeServers implements AsyncDisposable {
  readonly fleet: Fleet;
  readonly first: DaemonProcess;
  readonly second: DaemonProcess;
  readonly third: DaemonProcess;
  readonly #mark = newToken();
  #names = 0;

  private constructor(fleet: Fleet, [first, second, third]: [DaemonProcess, DaemonProcess, DaemonProcess]) {
    this.fleet = fleet;
    this.first = first;
    this.second = second;
    this.third = third;
  }

  /** Takes the fleet over. */
  static async start(fleet: Fleet): Promise<ThreeServers> {
    try {
      return new ThreeServers(
        fleet,
        await Promise.all([fleet.daemon('server-1'), fleet.daemon('server-2'), fleet.daemon('server-3')]),
      );
    } catch (error) {
      await fleet[Symbol.asyncDispose]();
      throw error;
    }
  }

  get all(): readonly DaemonProcess[] {
    return [this.first, this.second, this.third];
  }

  /** A name that nothing had before. */
  fresh(what: string): string {
    this.#names += 1;
    return `${what}-${this.#names}`;
  }

  /** A session that runs a `cat`, whose processes `shells` finds. */
  cat(server: DaemonProcess, name: string, options: { idempotencyKey?: string } = {}): Promise<SessionInfo> {
    return server.session(name, ['cat'], {
      extraEnvironment: { [MARK]: `${this.#mark}-${name}` },
      ...options,
    });
  }

  /** Pids of a `cat`, wherever it runs. */
  shells(name: string): number[] {
    return processesWith(MARK, `${this.#mark}-${name}`);
  }

  /** What a server tells of the sessions of all of them. */
  async list(server: DaemonProcess): Promise<SessionInfo[]> {
    return (await server.request('session.list', { all: true })).sessions;
  }

  async names(server: DaemonProcess): Promise<string[]> {
    return (await this.list(server)).map(({ name }) => name);
  }

  /** Undefined when the server does not list the session. */
  async isReachable(server: DaemonProcess, id: string): Promise<boolean | undefined> {
    return (await this.list(server)).find(session => session.id === id)?.reachable;
  }

  /** Through this server a client can be attached to the `cat`, types, and sees what it writes. In milliseconds for a line. */
  async works(server: DaemonProcess, target: string): Promise<number> {
    return await attachAndEcho(await server.client(), target, this.fresh('line'));
  }

  /** Makes the network whole; then everybody agrees, and no `cat` of these runs twice. */
  async settled(names: readonly string[]): Promise<void> {
    await this.fleet.heal();
    await agreement(this.fleet, this.all);
    for (const name of names)
      if (this.shells(name).length !== 1)
        throw new Error(`${this.shells(name).length} processes of ${name}, expected one`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.fleet[Symbol.asyncDispose]();
  }
}
