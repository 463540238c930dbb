import { sameSize } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { ParsedParams, Result } from '@triterm/core/protocol';
import type { PtyInput } from '../../pty/pty.ts';
import { onNewScreen } from '../../session/new-screen.ts';
import type { Session } from '../../session/session.ts';
import type { SessionService } from '../../session/session-service.ts';
import { AttachmentChannel } from '../attachment-channel.ts';
import { LocalChannel } from '../local-channel.ts';
import type { Handlers } from '../router.ts';

/** Attaching a client to a session, and letting it go. */
export function attachHandlers(
  service: SessionService,
): Pick<Handlers, 'session.attach' | 'attachment.detach' | 'session.detach'> {
  return {
    'session.attach': async (params, { connection, channel, principal, located }) => {
      const session = service.registry.known(params.target);
      const port = new AttachmentChannel(connection.peer, channel);
      if (located?.where === 'here' && located.isInstead === true)
        port.notify('attachment.session', {
          session: session.info(),
          message: `What you were attached to goes on as ${session.name}.`,
        });
      if (hasEndedFor(session, params)) return showEnded(session, params, port);
      const attached = await service.attach(session, params, port, principal).catch((thrown: unknown) => {
        // It has ended meanwhile.
        if (hasEndedFor(session, params)) return undefined;
        throw thrown;
      });
      if (attached === undefined) return showEnded(session, params, port);
      const { attachment, live, resumed, offset, missedSince, replaced } = attached;
      let input: PtyInput | undefined;
      try {
        // Its client has attached again meanwhile, and types there.
        if (attachment.state === 'closed')
          throw new TermError('CONNECTION_LOST', 'The client has attached anew meanwhile.');
        if (params.role === 'controller' && live.exit === undefined)
          input = await live.pty.openInput(params.attachment, applied => attachment.inputApplied(applied));
      } catch (thrown) {
        live.detach(attachment);
        throw thrown;
      }
      connection.add(channel, new LocalChannel({ session, live, attachment, input }));
      // The reply is written before the next turn of the loop.
      setImmediate(() => {
        port.open();
        live.begin(attachment, {
          returning: params.resume !== undefined && !replaced,
          missedSince,
        });
      });
      return {
        session: session.info(),
        inputOffset: input?.inputOffset ?? 0,
        offset,
        resumed,
        sizeGeneration: live.sizeGeneration,
        pty: live.identity,
      };
    },
    'attachment.detach': async (_params, { connection, channel }) => {
      await connection.detach(channel);
      return {};
    },
    'session.detach': ({ target, client }) => ({ detached: service.detach(target, client) }),
  };
}

/** Whether nothing is left of it but its last screen: one who comes back in time gets the rest of the output first. */
function hasEndedFor(session: Session, { resume }: ParsedParams<'session.attach'>): boolean {
  return session.row.state === 'exited' && (resume === undefined || session.live === undefined);
}

/** An ended session: its last screen, then its status. */
async function showEnded(
  session: Session,
  params: ParsedParams<'session.attach'>,
  port: AttachmentChannel,
): Promise<Result<'session.attach'>> {
  const { window, historyLines, attachment } = params;
  const info = session.info();
  const last = await session.withScreen(screen =>
    sameSize(window, info) ? screen.paint({ historyLines }) : screen.render(attachment, window, true),
  );
  const { exitCode, signal } = info;
  port.snapshot(last.offset, sameSize(window, info) ? onNewScreen(last.bytes) : last.bytes);
  port.notify('session.exited', { exitCode, signal });
  setImmediate(() => port.open());
  return { session: info, inputOffset: 0, offset: last.offset, resumed: false, sizeGeneration: 0, pty: '' };
}
