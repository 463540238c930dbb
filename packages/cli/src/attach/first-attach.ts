import { newToken, type WindowSize } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { Params, Result } from '@triterm/core/protocol';
import type { DaemonClient } from '../client/daemon-client.ts';

type AttachReply = Result<'session.attach'>;

/** How a session is made that is not there. */
export type NewSession = Pick<Params<'session.create'>, 'environment'> & { readonly cwd: string };

/**
 * Attaches to `target`, and makes it first where it is missing, has ended, or was lost. `attach` asks for the
 * attachment.
 */
export async function attachOrCreate(
  client: DaemonClient,
  target: string,
  create: NewSession,
  window: WindowSize,
  attach: (target: string) => Promise<AttachReply>,
): Promise<AttachReply> {
  let name = target;
  try {
    const reply = await attach(target);
    if (reply.session.state !== 'exited') return reply;
    name = reply.session.name;
  } catch (thrown) {
    const code = thrown instanceof TermError ? thrown.code : undefined;
    if (code === 'SESSION_LOST') {
      await recreateSession(client, target, create, window);
      return attach(target);
    }
    if (code !== 'SESSION_NOT_FOUND') throw thrown;
  }
  await createSession(client, name, create, window);
  return attach(name);
}

async function createSession(
  client: DaemonClient,
  name: string,
  create: NewSession,
  size: WindowSize,
): Promise<void> {
  try {
    await client.request('session.create', { ...create, name, size, idempotencyKey: newToken() });
  } catch (thrown) {
    // Somebody else was faster.
    if (!(thrown instanceof TermError && thrown.code === 'NAME_TAKEN')) throw thrown;
  }
}

async function recreateSession(
  client: DaemonClient,
  target: string,
  { environment }: NewSession,
  size: WindowSize,
): Promise<void> {
  try {
    await client.request('session.recreate', { target, environment, size, idempotencyKey: newToken() });
  } catch (thrown) {
    if (!(thrown instanceof TermError && thrown.code === 'SESSION_RUNNING')) throw thrown;
  }
}
