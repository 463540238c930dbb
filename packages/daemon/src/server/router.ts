import { maySee, type Principal } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import { METHOD_ACCESS } from '@triterm/core/protocol';
import { METHODS, type Method, type ParsedParams, type Result } from '@triterm/core/protocol/messages';
import type { Located, LocatedThere, SessionLocator } from '../cluster/cluster.ts';
import { noSession } from '../session/session-registry.ts';
import { requireAccess } from './access-policy.ts';
import { AnswerSlots } from './answer-slots.ts';
import type { Connection } from './connection.ts';

/** What a handler gets to know of the request beside its parameters. */
export interface RequestContext {
  readonly connection: Connection;
  readonly channel: number;
  /** On whose behalf; that it may call the method was made sure. */
  readonly principal: Principal;
  /** The session that `target` named, and the principal may see; `target` is its id. Undefined where the request is about none. */
  readonly located: Located | undefined;
}

export type Handler<M extends Method> = (
  params: ParsedParams<M>,
  context: RequestContext,
) => Result<M> | Promise<Result<M>>;

export type Handlers = { readonly [M in Method]: Handler<M> };

/** Asks the server that owns a session. What is attached through it becomes the end of its channel, for all that follows. */
export interface Relay {
  /** Rejects with SERVER_UNREACHABLE, OUTCOME_UNKNOWN, or what the owner answers. `params.target` is the id. */
  request<M extends Method>(
    connection: Connection,
    located: LocatedThere,
    method: M,
    params: ParsedParams<M>,
    channel: number,
  ): Promise<Result<M>>;
}

/** Answers for a session whose owner did not: from what the database has of it, or throws `reason`. */
export type AbsentHandler<M extends Method> = (
  params: ParsedParams<M>,
  located: LocatedThere,
  context: RequestContext & { readonly reason: TermError },
) => Result<M> | Promise<Result<M>>;

export type AbsentHandlers = { readonly [M in Method]?: AbsentHandler<M> };

export interface RouterDependencies {
  readonly handlers: Handlers;
  readonly locator: SessionLocator;
  readonly relay: Relay;
  readonly absent: AbsentHandlers;
}

/** Parameters longer than this in an error message help nobody. */
const MAX_ISSUE_LENGTH = 300;
/** The places of sizes: a person typed those. */
const SIZE_PATH = /^(size|window)\.(cols|rows)$/;

/** Validates a request, makes sure that it may be made, finds its session, and hands it to who answers it. */
export class Router {
  readonly #d: RouterDependencies;
  readonly #slots = new AnswerSlots();

  constructor(dependencies: RouterDependencies) {
    this.#d = dependencies;
  }

  /**
   * Throws UNKNOWN_METHOD, BAD_SIZE, BAD_MESSAGE, SCOPE_REFUSED, NOT_REMOTELY, SESSION_NOT_FOUND (also for a session that the
   * caller may not see), SESSION_MOVED, and what the handler throws.
   */
  async request(connection: Connection, method: string, params: unknown, channel: number): Promise<unknown> {
    if (!isMethod(method)) throw new TermError('UNKNOWN_METHOD', `Unknown method ${method.slice(0, 64)}.`);
    return this.#run(method, params, connection, channel);
  }

  async #run<M extends Method>(
    method: M,
    given: unknown,
    connection: Connection,
    channel: number,
  ): Promise<Result<M>> {
    const parsed = parse(method, given);
    requireAccess(method, parsed, connection);
    const answer = () => this.#answer(method, parsed, connection, channel);
    return method === 'session.attach'
      ? connection.attaching(channel, answer)
      : this.#slots.run(method, connection, answer);
  }

  async #answer<M extends Method>(
    method: M,
    parsed: ParsedParams<M>,
    connection: Connection,
    channel: number,
  ): Promise<Result<M>> {
    const { principal } = connection;
    const target = targetOf(method, parsed, principal);
    const located =
      target === undefined ? undefined : await this.#locate(principal, target, resumedPty(parsed));
    const params = { ...parsed, ...(located === undefined ? {} : { target: idOf(located) }) };
    // A process id means something on its own host only.
    if ((connection.remote || located?.where === 'there') && 'pid' in params) delete params.pid;
    const context = { connection, channel, principal, located };
    if (located?.where === 'there' && METHOD_ACCESS[method].on === 'session')
      return this.#elsewhere(method, params, located, context);
    return this.#d.handlers[method](params, context);
  }

  /** For who may not see it, it does not exist. */
  async #locate(principal: Principal, target: string, pty: string | undefined): Promise<Located> {
    const located = await this.#d.locator.locate(principal, target, pty);
    const row = located.where === 'here' ? located.session.row : located.row;
    if (maySee(principal, row)) return located;
    throw noSession(target);
  }

  async #elsewhere<M extends Method>(
    method: M,
    params: ParsedParams<M>,
    located: LocatedThere,
    context: RequestContext,
  ): Promise<Result<M>> {
    // The server that asks has old news; it is to look again, and no request goes round in circles.
    if (context.principal.relayedBy !== undefined) {
      const { name, ownerServer: server } = located.row;
      throw new TermError('SESSION_MOVED', `Session ${name} is on server ${server}.`, {
        details: { server },
      });
    }
    try {
      return await this.#d.relay.request(context.connection, located, method, params, context.channel);
    } catch (thrown) {
      const absent: AbsentHandler<M> | undefined = this.#d.absent[method];
      if (!(thrown instanceof TermError) || thrown.code !== 'SERVER_UNREACHABLE' || absent === undefined)
        throw thrown;
      return absent(params, located, { ...context, reason: thrown });
    }
  }
}

function isMethod(method: string): method is Method {
  return Object.hasOwn(METHODS, method);
}

function parse<M extends Method>(method: M, params: unknown): ParsedParams<M> {
  const parsed = METHODS[method].params.safeParse(params ?? {});
  if (parsed.success) return parsed.data as ParsedParams<M>;
  const issue = parsed.error.issues[0];
  const path = issue?.path.join('.') || 'params';
  const code = SIZE_PATH.test(path) ? 'BAD_SIZE' : 'BAD_MESSAGE';
  throw new TermError(code, `${method}: ${path}: ${issue?.message ?? 'invalid'}`.slice(0, MAX_ISSUE_LENGTH));
}

/** What the request names as its session, if it is about one; of the store, a `target` may be anything that it has kept. */
function targetOf(method: Method, params: object, principal: Principal): string | undefined {
  const { on } = METHOD_ACCESS[method];
  if (on !== 'session' && on !== 'here' && method !== 'events.subscribe') return undefined;
  if ('target' in params && typeof params.target === 'string') return params.target;
  // Who may know of one session only has subscribed to that one.
  return principal.sessionId;
}

/** What a client that attaches again was attached to, when it tells. */
function resumedPty(params: object): string | undefined {
  if (!('resume' in params) || typeof params.resume !== 'object' || params.resume === null) return undefined;
  const { resume } = params;
  return 'pty' in resume && typeof resume.pty === 'string' ? resume.pty : undefined;
}

function idOf(located: Located): string {
  return located.where === 'here' ? located.session.id : located.row.id;
}
