import { TermError } from '@triterm/core/errors';
import { METHODS, type Method, type ParsedParams, type Result } from '@triterm/core/protocol/messages';
import type { Connection } from './connection.ts';

/** What a handler gets to know of the request beside its parameters. */
export interface RequestContext {
  readonly connection: Connection;
  readonly channel: number;
}

export type Handler<M extends Method> = (
  params: ParsedParams<M>,
  context: RequestContext,
) => Result<M> | Promise<Result<M>>;

export type Handlers = { readonly [M in Method]: Handler<M> };

/** Parameters longer than this in an error message help nobody. */
const MAX_ISSUE_LENGTH = 300;
/** The places of sizes: a person typed those. */
const SIZE_PATH = /^(size|window)\.(cols|rows)$/;

/** Validates a request and hands it to its handler. */
export class Router {
  readonly #handlers: Handlers;

  constructor(handlers: Handlers) {
    this.#handlers = handlers;
  }

  /** Throws UNKNOWN_METHOD, BAD_SIZE, BAD_MESSAGE, and what the handler throws. */
  async request(connection: Connection, method: string, params: unknown, channel: number): Promise<unknown> {
    if (!isMethod(method)) throw new TermError('UNKNOWN_METHOD', `Unknown method ${method.slice(0, 64)}.`);
    return this.#run(method, params, { connection, channel });
  }

  async #run<M extends Method>(method: M, params: unknown, context: RequestContext): Promise<Result<M>> {
    const parsed = METHODS[method].params.safeParse(params ?? {});
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      const path = issue?.path.join('.') || 'params';
      const code = SIZE_PATH.test(path) ? 'BAD_SIZE' : 'BAD_MESSAGE';
      throw new TermError(
        code,
        `${method}: ${path}: ${issue?.message ?? 'invalid'}`.slice(0, MAX_ISSUE_LENGTH),
      );
    }
    return this.#handlers[method](parsed.data as ParsedParams<M>, context);
  }
}

function isMethod(method: string): method is Method {
  return Object.hasOwn(METHODS, method);
}
