import { TermError } from '@triterm/core/errors';
import type { Attachment } from './attachment.ts';
import type { LiveSession } from './live-session.ts';
import type { Session } from './session.ts';

/** A client by the beginning of its id, which is to be that of no other one. Throws CLIENT_NOT_FOUND. */
export function clientOf(session: Session, live: LiveSession, client: string): Attachment {
  const [found, another] = [...live.attachments].filter(({ id }) => id.startsWith(client));
  if (found === undefined)
    throw new TermError('CLIENT_NOT_FOUND', `Session ${session.name} has no client ${client}.`);
  if (another !== undefined)
    throw new TermError(
      'CLIENT_NOT_FOUND',
      `More than one client of session ${session.name} is meant by ${client}.`,
    );
  return found;
}

/** One that can be made the primary one: by the beginning of its id, else the one active last. Throws CLIENT_NOT_FOUND, READ_ONLY. */
export function controllerOf(session: Session, live: LiveSession, client: string | undefined): Attachment {
  const chosen = client === undefined ? live.latestController : clientOf(session, live, client);
  if (chosen === undefined)
    throw new TermError('CLIENT_NOT_FOUND', `No controller is attached to ${session.name}.`);
  if (chosen.role !== 'controller') throw new TermError('READ_ONLY', `Client ${chosen.id} is a viewer.`);
  return chosen;
}
