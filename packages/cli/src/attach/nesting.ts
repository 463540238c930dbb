import type { SessionInfo } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import { connectDaemon } from '../client/daemon-client.ts';
import type { CommandContext } from '../commands/definition.ts';

type Surroundings = Pick<CommandContext, 'paths' | 'env' | 'remote'>;

/** The session that this process runs in, or undefined. */
export function surroundingSession(env: NodeJS.ProcessEnv): string | undefined {
  return env.TRITERM_SESSION || undefined;
}

/**
 * What there is to say about attaching `target` from within a session, if we are in one. Throws NESTED_LOOP for that
 * session itself: its output would be its own input.
 */
export async function describeNesting(
  target: string,
  surroundings: Surroundings,
): Promise<string | undefined> {
  const { env } = surroundings;
  const surrounding = surroundingSession(env);
  if (surrounding === undefined) return undefined;
  const session = await find(target, surroundings);
  const outer = env.TRITERM_SESSION_NAME ?? surrounding;
  if (session?.id === surrounding)
    throw new TermError('NESTED_LOOP', `Session ${session.name} cannot be shown inside itself.`);
  return `session ${session?.name ?? target} is shown inside session ${outer}`;
}

/** Undefined when there is no such session yet. */
async function find(target: string, { paths, env, remote }: Surroundings): Promise<SessionInfo | undefined> {
  const client = await connectDaemon({ paths, env, remote, autostart: true });
  try {
    return (await client.request('session.show', { target })).session;
  } catch (thrown) {
    if (thrown instanceof TermError && thrown.code === 'SESSION_NOT_FOUND') return undefined;
    throw thrown;
  } finally {
    client.close();
  }
}
