import type { Duplex } from 'node:stream';
import { isLoopbackUrl, type Principal } from '@triterm/core/domain';
import { type ErrorCode, TermError } from '@triterm/core/errors';
import type { Method, ParsedParams, Result } from '@triterm/core/protocol';
import type { Connection } from '../server/connection.ts';
import { noSession } from '../session/session-registry.ts';
import { ClientRelay } from './client-relay.ts';
import type { Located, LocatedThere } from './cluster.ts';
import { deadlineMs, finalError, isSamePlace, mayAskAgain, type Try } from './relay-retry.ts';
import type { Upstream } from './upstream.ts';
import { NoWay, urlOf } from './way-to-server.ts';

export interface ServerCall {
  /** Id of the server. */
  readonly server: string;
  readonly url: string;
  /** On whose behalf. */
  readonly principal: Principal;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface ServerRelayDependencies {
  /** Bytes to another server, which takes our word for whose they are. Undefined where the servers share no secret. */
  readonly call: ((call: ServerCall) => Promise<Duplex>) | undefined;
  /** Names this machine. */
  readonly hostId: string;
  /** A server was not reached, or is lost: why, with what its clients are not told. */
  readonly failed: (server: string, error: TermError) => void;
  /** By id, past every cache. */
  readonly locateAgain: (id: string) => Promise<Located>;
  /** Answers what turns out to be for a session of this server. */
  readonly here: (
    connection: Connection,
    method: Method,
    params: unknown,
    channel: number,
  ) => Promise<unknown>;
  /** Where clients that have nothing here are to go, as URLs; empty while they may stay. */
  readonly elsewhere: () => readonly string[];
}

/** Of what a server answers when we come: about the client, not about the server. */
const ABOUT_THE_CLIENT: ReadonlySet<ErrorCode> = new Set([
  'TOKEN_REVOKED',
  'TOKEN_EXPIRED',
  'TOO_MANY_CONNECTIONS',
]);

/** Asks the servers that own the sessions which our clients are about. */
export class ServerRelay {
  readonly #d: ServerRelayDependencies;
  readonly #clients = new Map<Connection, ClientRelay>();

  constructor(dependencies: ServerRelayDependencies) {
    this.#d = dependencies;
  }

  /**
   * Rejects with what the owner answers, SERVER_UNREACHABLE (nothing was changed), or OUTCOME_UNKNOWN (something may have been).
   */
  async request<M extends Method>(
    connection: Connection,
    located: LocatedThere,
    method: M,
    params: ParsedParams<M>,
    channel: number,
  ): Promise<Result<M>> {
    // What the owner answers is taken for what it is: both were made from one description.
    return (await this.#request(connection, located, method, params, channel)) as Result<M>;
  }

  /** Tells clients from elsewhere that have nothing here to go, if they are to. Returns how many were told. */
  handOver(): number {
    let told = 0;
    for (const [connection, client] of this.#clients) if (this.#sendAway(connection, client)) told += 1;
    return told;
  }

  /** Returns whether it was told to go. */
  #sendAway(connection: Connection, client: ClientRelay): boolean {
    const elsewhere = this.#d.elsewhere().filter(url => !isLoopbackUrl(url));
    if (elsewhere.length === 0 || !connection.remote || !client.isElsewhere) return false;
    connection.peer.notify('daemon.leaving', { reason: 'drain', elsewhere });
    return true;
  }

  async #request(
    connection: Connection,
    located: LocatedThere,
    method: Method,
    params: object,
    channel: number,
  ): Promise<unknown> {
    const first = await this.#ask(connection, located, method, params, channel);
    if (first.kind === 'result') return first.result;
    const failed = finalError(first, method, located, false);
    if (!mayAskAgain(first, method, params)) throw failed;
    const again = await this.#locateAgain(located, failed);
    if (again.where === 'here') return this.#d.here(connection, method, params, channel);
    if (first.kind !== 'silence' && isSamePlace(located, again)) throw failed;
    const second = await this.#ask(connection, again, method, params, channel);
    if (second.kind === 'result') return second.result;
    throw finalError(second, method, again, first.kind === 'silence');
  }

  /** Where the store can't be asked, it is thought to be where it was. */
  async #locateAgain(before: LocatedThere, failed: TermError): Promise<Located> {
    try {
      return await this.#d.locateAgain(before.row.id);
    } catch (thrown) {
      if (TermError.from(thrown).code !== 'SESSION_NOT_FOUND') return before;
      throw failed.code === 'OUTCOME_UNKNOWN' ? failed : noSession(before.row.name);
    }
  }

  async #ask(
    connection: Connection,
    located: LocatedThere,
    method: Method,
    params: object,
    channel: number,
  ): Promise<Try> {
    const client = this.#clientOf(connection);
    const server = located.row.ownerServer;
    let upstream: Upstream;
    try {
      upstream = await this.#upstream(connection, client, located);
    } catch (thrown) {
      const error = TermError.from(thrown);
      if (ABOUT_THE_CLIENT.has(error.code)) return { kind: 'refusal', error };
      this.#d.failed(server, error);
      return { kind: 'unreached', error };
    }
    const request = { method, params, channel, timeoutMs: deadlineMs(method) };
    const attaches = method === 'session.attach';
    const answer = await (attaches ? client.attach(upstream, server, request) : upstream.request(request));
    if (answer.kind === 'silence') this.#d.failed(server, answer.error);
    // It may not have been here when the others were told. After the reply, which is written before the next turn of the loop.
    if (attaches && answer.kind === 'result') setImmediate(() => this.#sendAway(connection, client));
    return answer;
  }

  #upstream(connection: Connection, client: ClientRelay, { row, server }: LocatedThere): Promise<Upstream> {
    const { call, hostId } = this.#d;
    const { principal, gone: signal } = connection;
    return client.upstream(row.ownerServer, async timeoutMs => {
      const url = urlOf(server, hostId);
      if (call === undefined) throw new NoWay('this server has no `clusterSecret` to show to others');
      return await call({ server: row.ownerServer, url, principal, timeoutMs, signal });
    });
  }

  #clientOf(connection: Connection): ClientRelay {
    const known = this.#clients.get(connection);
    if (known !== undefined) return known;
    const client = new ClientRelay(connection);
    if (connection.gone.aborted) return client;
    this.#clients.set(connection, client);
    connection.gone.addEventListener('abort', () => this.#clients.delete(connection), { once: true });
    return client;
  }
}
