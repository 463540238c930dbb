import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { MAX_LABELS, type Principal, type SessionInfo, type WindowSize } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { DeviceInfo, ParsedParams, Result } from '@triterm/core/protocol';
import type { SessionRow } from '@triterm/core/store';
import type { Log } from '../observe/log.ts';
import type { Pty } from '../pty/pty.ts';
import { requireOwnToken, requirePlace, requireSight } from './attach-rules.ts';
import type { Attachment, AttachmentPort } from './attachment.ts';
import { clientOf } from './clients.ts';
import { deviceIdOf } from './devices.ts';
import type { Drain } from './drain.ts';
import { exclusively } from './exclusive.ts';
import { type HandOverService, requireTake } from './hand-over-service.ts';
import { IdleLimits } from './idle-limits.ts';
import { killSession } from './kill.ts';
import { LatestWins } from './latest-wins.ts';
import { refreshSessionEnvironment } from './launch/index.ts';
import type { Lease } from './lease.ts';
import type { LiveSession } from './live-session.ts';
import { CommandRunner } from './run.ts';
import type { Session } from './session.ts';
import { requireName } from './session-lifecycle.ts';
import { SessionParts, type SessionPartsDependencies } from './session-parts.ts';
import type { SessionRegistry } from './session-registry.ts';
import { typeInto } from './typing.ts';

export interface SessionServiceDependencies extends SessionPartsDependencies {
  readonly log: Pick<Log, 'info' | 'warn'>;
}

/** Leaving waits no longer than this for last screens: the hosts have what is needed to make them again. */
const LEAVE_MS = 1000;
/** An ended session is on disk in this time, or its host keeps it for the next daemon. */
const SETTLE_MS = 2000;
/** What a client is told that has to go. */
const DISMISSALS = {
  requested: 'Detached by request.',
  others: 'Another client attached alone.',
  idle: 'Detached: nothing was typed for longer than this server allows (idleClientMs).',
} as const;
/** What Enter sends. */
const CARRIAGE_RETURN = 0x0d;

/** What every command comes down to: finds the session, checks, does it. */
export class SessionService {
  readonly registry: SessionRegistry;
  readonly drain: Drain;
  readonly handOver: HandOverService;
  readonly #d: SessionServiceDependencies;
  readonly #parts: SessionParts;
  readonly #idle: IdleLimits<Attachment, Session>;
  readonly #runner = new CommandRunner();
  readonly #resizes = new WeakMap<Session, LatestWins<WindowSize>>();

  constructor(dependencies: SessionServiceDependencies) {
    const { config, trouble } = dependencies;
    const parts = new SessionParts(dependencies);
    const { registry } = parts;
    this.#d = dependencies;
    this.#parts = parts;
    this.registry = registry;
    this.drain = parts.drain;
    this.handOver = parts.handOver;
    this.#idle = new IdleLimits<Attachment, Session>({
      registry,
      limits: config,
      end: session => this.#endIdle(session),
      dismiss: ({ live }, client) => {
        if (live !== undefined) this.#dismiss(live, client, 'idle');
      },
      trouble,
    });
  }

  /** Takes up the stored sessions and the PTYs that were found. */
  async start(found: readonly Pty[]): Promise<void> {
    await this.#parts.recovery.start(found);
    this.#parts.ownership.start();
  }

  /** Leaves every session running in its host, with its last screen and what is known of it stored. */
  async stop(): Promise<void> {
    this.#parts.stop();
    this.#idle.stop();
    const sessions = this.registry.all();
    const kept = sessions.map(async session => {
      await session.live?.checkpoint();
      await Promise.all([session.files.flush(), session.record.flush()]);
    });
    const deadline = new AbortController();
    await Promise.race([
      Promise.all(kept),
      delay(LEAVE_MS, undefined, { signal: deadline.signal }).catch(() => {}),
    ]);
    deadline.abort();
    for (const session of sessions) {
      session.leave();
      session.record.close();
    }
    await this.#d.presence.stop();
  }

  /** The configuration has been replaced, member by member. */
  reconfigured(): void {
    this.#idle.restart();
    this.#parts.lifecycle.retainAnew();
  }

  /** Attached clients, over all sessions. */
  get clients(): number {
    return this.#attachments().length;
  }

  #attachments(): Attachment[] {
    return this.registry.all().flatMap(({ live }) => [...(live?.attachments ?? [])]);
  }

  /** The devices on a session of this server, as all servers know them. */
  devices(session: Session): Promise<DeviceInfo[]> {
    return this.#d.presence.devices(session.id, session.live?.attachments ?? []);
  }

  list(): SessionInfo[] {
    return this.registry.all().map(session => session.info());
  }

  /** Whether names may be taken to lead to the sessions that are here; see `OwnershipWatch.held`. */
  get ownership(): Pick<Lease, 'held' | 'ensure'> {
    return this.#parts.ownership;
  }

  /** Makes a session of that user. Rejects with SERVER_DRAINING, and as `SessionStore.create`. */
  async create(params: ParsedParams<'session.create'>, userId: string): Promise<SessionInfo> {
    this.drain.admit();
    return this.#parts.lifecycle.create(params, userId);
  }

  /** A session of this server, or of another one by its row, as `Recreation`. Rejects with SERVER_DRAINING where it would come here. */
  async recreate(
    found: Session | SessionRow,
    params: ParsedParams<'session.recreate'>,
  ): Promise<SessionInfo> {
    this.drain.admit();
    return 'record' in found
      ? this.#parts.recreation.here(found, params)
      : this.#parts.recreation.elsewhere(found, params);
  }

  async attach(
    session: Session,
    params: ParsedParams<'session.attach'>,
    port: AttachmentPort,
    principal: Principal,
  ): Promise<{
    attachment: Attachment;
    live: LiveSession;
    resumed: boolean;
    offset: number;
    /** Where the client was in the output of this PTY; undefined when it was not. */
    missedSince: number | undefined;
    /** The client was attached already, and now is in another way. */
    replaced: boolean;
  }> {
    const isReturning = params.resume !== undefined;
    await session.attachable(isReturning).untilReplayed();
    // From here until it is attached nobody comes between: what was found is so.
    const live = session.attachable(isReturning);
    const present = [...live.attachments];
    const before = present.find(other => other.token === params.attachment);
    requireSight(session, principal);
    requireOwnToken(params.attachment, principal, present);
    if (params.take) requireTake(session, live, before, principal);
    const leaving = new Set(params.detachOthers ? present : [before]);
    const staying = this.#attachments().filter(attachment => !leaving.has(attachment));
    requirePlace({ principal, role: params.role }, staying, this.#d.config.maxClients);
    if (before !== undefined) live.replace(before);
    for (const other of live.attachments) if (leaving.has(other)) this.#dismiss(live, other, 'others');
    const attached = await live.attach(
      {
        ...params,
        token: params.attachment,
        deviceId: deviceIdOf(principal, params.deviceId ?? params.deviceName),
        principal,
        pid: params.pid ?? null,
        nowMs: performance.now(),
      },
      port,
      params.resume,
      { take: params.take, before },
    );
    if (before !== undefined) attached.attachment.activeAtMs = before.activeAtMs;
    if (attached.attachment.primary) {
      live.setColours(params.colours);
      await this.#refresh(session, params.environment);
    }
    return { ...attached, live, replaced: before !== undefined };
  }

  async rename(target: string, name: string): Promise<SessionInfo> {
    requireName(name);
    const session = this.registry.known(target);
    const before = session.name;
    await session.record.command({ name });
    session.emit('renamed', { name, before });
    return session.info();
  }

  async label(params: ParsedParams<'session.label'>): Promise<SessionInfo> {
    const session = this.registry.known(params.target);
    // They are stored as one member: each command is to start from what the one before has stored.
    await exclusively(this.#d.locks, session.id, () => {
      const before = session.row.doc.labels;
      const labels = { ...before, ...params.set };
      for (const key of params.remove) delete labels[key];
      const count = Object.keys(labels).length;
      if (count > MAX_LABELS && count > Object.keys(before).length)
        throw new TermError('TOO_LARGE', `A session has ${MAX_LABELS} labels at most, not ${count}.`, {
          hint: 'Remove some with `triterm sessions label SESSION --remove KEY`.',
        });
      return session.record.command({ doc: { labels } });
    });
    return session.info();
  }

  async resize(params: ParsedParams<'session.resize'>): Promise<SessionInfo> {
    const session = this.registry.known(params.target);
    let resizes = this.#resizes.get(session);
    if (resizes === undefined) {
      resizes = new LatestWins(size => this.#resizeTo(session, size));
      this.#resizes.set(session, resizes);
    }
    await resizes.run(params.size);
    return session.info();
  }

  #resizeTo(session: Session, size: WindowSize): Promise<void> {
    return exclusively(this.#d.locks, session.id, async () => {
      await session.running.resize(size);
      // Stored when the command is done; while the database is away, as soon as it is back.
      await session.record.flush();
    });
  }

  async setPolicy(params: ParsedParams<'session.policy'>): Promise<SessionInfo> {
    const session = this.registry.known(params.target);
    const { sizePolicy, handOver } = params;
    const doc = {
      ...(sizePolicy === undefined ? {} : { sizePolicy }),
      ...(handOver === undefined ? {} : { handOver }),
    };
    await session.record.command({ doc });
    if (sizePolicy !== undefined) session.live?.setPolicy(sizePolicy);
    if (handOver !== undefined) session.live?.setHandOver(handOver);
    return session.info();
  }

  /** A running session gets the signal and, when it was to end, has ended when this resolves; an ended one is removed. */
  async kill(target: string, signal: string | undefined): Promise<SessionInfo> {
    const session = this.registry.known(target);
    if (session.row.state === 'running') {
      await killSession(session, session.running, signal);
      return session.info();
    }
    const info = session.info();
    await this.#parts.lifecycle.remove(session);
    return info;
  }

  /** Ends every running session, and waits a moment until what they leave is on disk and their hosts are free of them. */
  async killAll(): Promise<void> {
    for (const { live } of this.registry.all()) live?.awaitNobody();
    const running = this.registry.all().filter(session => session.row.state === 'running');
    await Promise.allSettled(running.map(session => this.kill(session.id, undefined)));
    const signal = AbortSignal.timeout(SETTLE_MS);
    const live = this.registry.all().filter(session => session.live !== undefined);
    await Promise.allSettled(live.map(session => once(session.signals, 'left', { signal })));
  }

  detach(target: string, client: string | undefined): number {
    const session = this.registry.known(target);
    const live = session.running;
    const chosen = client === undefined ? [...live.attachments] : [clientOf(session, live, client)];
    for (const attachment of chosen) this.#dismiss(live, attachment, 'requested');
    return chosen.length;
  }

  async send(params: ParsedParams<'session.send'>, gone: AbortSignal): Promise<Result<'session.send'>> {
    const session = this.registry.known(params.target);
    const data = Buffer.from(params.data, 'base64');
    const live = session.running;
    if (data.includes(CARRIAGE_RETURN)) session.lineEntered();
    await typeInto(live, params.idempotencyKey, data, gone);
    session.active();
    return { bytes: data.length };
  }

  run(
    { target, argv, timeoutMs, idempotencyKey: key }: ParsedParams<'session.run'>,
    gone: AbortSignal,
  ): Promise<Result<'session.run'>> {
    return this.#runner.run(this.registry.known(target), { argv, timeoutMs, key, gone });
  }

  async #endIdle(session: Session): Promise<void> {
    const { id, name } = session;
    this.#d.log.info(
      { session: id, name },
      'nobody has used a session for longer than idleSessionMs; it is ended',
    );
    await killSession(session, session.running, undefined);
  }

  #dismiss(live: LiveSession, attachment: Attachment, why: 'requested' | 'others' | 'idle'): void {
    const reason = why === 'idle' ? 'requested' : why;
    attachment.notify('attachment.detached', { reason, message: DISMISSALS[why] });
    live.detach(attachment);
  }

  async #refresh(session: Session, environment: Record<string, string>): Promise<void> {
    // A client on another machine: its agent and displays are not here, and what the shells have stays.
    if (Object.keys(environment).length === 0) return;
    try {
      await refreshSessionEnvironment(session.files.dir, this.#d.config.refreshEnvironment, environment);
    } catch (error) {
      this.#d.trouble(session.id, 'refreshing the environment', error);
    }
  }
}
