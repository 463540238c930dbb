import { readContexts } from '../client/contexts-file.ts';
import { type RemoteHost, resolveRemoteHost } from '../client/remote-host.ts';
import type { CommandContext } from './definition.ts';

type Surroundings = Omit<CommandContext, 'remote' | 'toward'>;

/**
 * Surroundings with the server that is meant: `wanted`, else what environment and contexts say. Nothing is looked at, and no stream
 * made, before it is asked for.
 */
export function withHost(surroundings: Surroundings, wanted?: string): CommandContext {
  const { env, paths } = surroundings;
  let chosen: { readonly remote: RemoteHost | undefined } | undefined;
  return {
    env,
    paths,
    cwd: surroundings.cwd,
    get stdin() {
      return surroundings.stdin;
    },
    get stdout() {
      return surroundings.stdout;
    },
    get stderr() {
      return surroundings.stderr;
    },
    get remote() {
      chosen ??= {
        remote: resolveRemoteHost({ wanted, env, contexts: () => readContexts(paths.contextsFile) }),
      };
      return chosen.remote;
    },
    toward: host => withHost(surroundings, host),
  };
}
