import type { Config } from '@triterm/core/config/load';
import type { HandOver, Principal, SessionInfo } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { ParsedParams, Result } from '@triterm/core/protocol';
import type { LockManager } from '@triterm/core/store';
import type { Attachment } from './attachment.ts';
import { clientOf, controllerOf } from './clients.ts';
import { deviceIdOf } from './devices.ts';
import { exclusively } from './exclusive.ts';
import { mayTake } from './hand-over.ts';
import type { LiveSession } from './live-session.ts';
import type { Session } from './session.ts';
import type { SessionRegistry } from './session-registry.ts';

export interface HandOverServiceDependencies {
  readonly registry: SessionRegistry;
  readonly locks: Pick<LockManager, 'acquire'>;
  readonly config: Pick<Config, 'handOver'>;
}

/** Taking a session over, asking for it, and answering who asks. */
export class HandOverService {
  readonly #d: HandOverServiceDependencies;

  constructor(dependencies: HandOverServiceDependencies) {
    this.#d = dependencies;
  }

  /** What makes another client of the session the primary one. */
  policyOf({ live, row }: Session): HandOver {
    return live?.handOver.policy ?? row.doc.handOver ?? this.#d.config.handOver;
  }

  /** Rejects with CLIENT_NOT_FOUND, READ_ONLY, HAND_OVER_REFUSED. */
  async take(principal: Principal, { target, client }: ParsedParams<'session.take'>): Promise<SessionInfo> {
    const session = this.#d.registry.known(target);
    const live = session.running;
    const chosen = controllerOf(session, live, client);
    requireTake(session, live, chosen, principal);
    await this.#make(session, live, chosen);
    return session.info();
  }

  /** Asks the primary client. Where there is none, or none but the asking one, it is granted. Rejects with CLIENT_NOT_FOUND, READ_ONLY. */
  async request(
    principal: Principal,
    { target, client, deviceId }: ParsedParams<'session.request'>,
  ): Promise<Result<'session.request'>> {
    const session = this.#d.registry.known(target);
    const live = session.running;
    const device = deviceId === undefined ? undefined : deviceIdOf(principal, deviceId);
    const asker = client === undefined ? askerOf(session, live, device) : controllerOf(session, live, client);
    const { primary } = live.handOver;
    if (primary !== undefined && primary !== asker) {
      live.handOver.request(asker, performance.now());
      return { session: session.info(), client: asker.id, state: 'asked' };
    }
    if (primary === undefined) await this.#make(session, live, asker);
    return { session: session.info(), client: asker.id, state: 'granted' };
  }

  /** Rejects with CLIENT_NOT_FOUND when nobody asks, or that client does not. */
  async grant({ target, client, deny }: ParsedParams<'session.grant'>): Promise<Result<'session.grant'>> {
    const session = this.#d.registry.known(target);
    const live = session.running;
    const { askers } = live.handOver;
    const asker = client === undefined ? askers.at(-1) : clientOf(session, live, client);
    if (asker === undefined)
      throw new TermError('CLIENT_NOT_FOUND', `Nobody asks for session ${session.name}.`);
    if (!askers.includes(asker))
      throw new TermError('CLIENT_NOT_FOUND', `Client ${asker.id} does not ask for session ${session.name}.`);
    if (deny) live.handOver.deny(asker);
    else await this.#make(session, live, asker);
    return { session: session.info(), client: asker.id };
  }

  /** The client is the primary one, and that is stored, when this resolves; while the database is away, as soon as it is back. */
  async #make(session: Session, live: LiveSession, attachment: Attachment): Promise<void> {
    await exclusively(this.#d.locks, session.id, async () => {
      if (!live.attachments.has(attachment))
        throw new TermError('CLIENT_NOT_FOUND', `Client ${attachment.id} has left session ${session.name}.`);
      live.take(attachment, performance.now());
      await session.record.flush();
    });
  }
}

/** Throws HAND_OVER_REFUSED. `chosen`: undefined for a client that is about to attach. */
export function requireTake(
  session: Session,
  live: LiveSession,
  chosen: Attachment | undefined,
  principal: Principal,
): void {
  const { policy, primary } = live.handOver;
  const hasOther = primary !== undefined && primary !== chosen;
  if (mayTake(policy, { hasOther, isAdmin: principal.scope === 'admin' })) return;
  throw new TermError(
    'HAND_OVER_REFUSED',
    `The primary client of session ${session.name} is to be asked first.`,
  );
}

/** The latest controller of the device, or of all; rather one that is not the primary one. */
function askerOf(session: Session, live: LiveSession, deviceId: string | undefined): Attachment {
  const candidates = [...live.attachments]
    .filter(({ role }) => role === 'controller')
    .filter(attachment => deviceId === undefined || attachment.deviceId === deviceId)
    .toSorted((a, b) => b.activeAtMs - a.activeAtMs);
  const asker = candidates.find(({ primary }) => !primary) ?? candidates[0];
  if (asker === undefined)
    throw new TermError(
      'CLIENT_NOT_FOUND',
      deviceId === undefined
        ? `No controller is attached to ${session.name}.`
        : `No controller of this device is attached to ${session.name}.`,
    );
  return asker;
}
