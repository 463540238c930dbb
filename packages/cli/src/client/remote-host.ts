import { closest } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import { type Contexts, LOCAL_HOST } from './contexts-file.ts';
import { parseServerUrl } from './server-url.ts';

/** A server that is reached over a network. */
export interface RemoteHost {
  /** What it is called: a context's name, or its URL. */
  readonly name: string;
  /** As `parseServerUrl` writes it. */
  readonly url: string;
  /** Whether somebody named it for this command, rather than before for all commands. */
  readonly isExplicit: boolean;
  /** Wins over `tokenFile`. */
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
  readonly caFile: string | undefined;
}

export interface HostChoice {
  /** `--host`: a URL, a context's name, or `local`. */
  readonly wanted: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** Called when they matter only. */
  readonly contexts: () => Contexts;
}

/**
 * The server that a command is meant for: `--host`, else `TRITERM_HOST`, else the current context; undefined for the daemon of this
 * machine. Credentials of the environment win over those of a context. Throws CONTEXT_NOT_FOUND, BAD_CONFIG.
 */
export function resolveRemoteHost({ wanted, env, contexts }: HostChoice): RemoteHost | undefined {
  const [named, source] =
    wanted === undefined ? [env.TRITERM_HOST || undefined, 'TRITERM_HOST'] : [wanted, '--host'];
  if (named === LOCAL_HOST) return undefined;
  const own = {
    token: env.TRITERM_TOKEN || undefined,
    tokenFile: env.TRITERM_TOKEN_FILE || undefined,
    caFile: env.TRITERM_CA || undefined,
  };
  if (named?.includes('://') === true) {
    const url = parseServerUrl(named, source);
    return { name: url, url, isExplicit: true, ...own };
  }
  const { current, byName } = contexts();
  const name = named ?? current;
  if (name === undefined) return undefined;
  const context = byName.get(name);
  if (context === undefined) throw contextNotFound(name, [...byName.keys()]);
  return {
    name,
    url: context.url,
    isExplicit: named !== undefined,
    token: own.token ?? (own.tokenFile === undefined ? context.token : undefined),
    tokenFile: own.tokenFile,
    caFile: own.caFile ?? context.caFile,
  };
}

export function contextNotFound(name: string, known: readonly string[]): TermError {
  const similar = closest(name, known);
  const suggestion = similar === undefined ? '' : ` Did you mean ${similar}?`;
  return new TermError('CONTEXT_NOT_FOUND', `There is no context ${JSON.stringify(name)}.${suggestion}`);
}
