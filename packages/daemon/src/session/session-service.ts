import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '@triterm/core/config/load';
import type { SessionInfo } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { ParsedParams, Result } from '@triterm/core/protocol';
import type { LockManager, SessionStore } from '@triterm/core/store';
import type { Pty, PtyHosts } from '../pty/pty.ts';
import type { Screens } from '../screen/screen.ts';
import type { Attachment, AttachmentPort } from './attachment.ts';
import type { EventBus } from './event-bus.ts';
import { exclusively } from './exclusive.ts';
import { killSession } from './kill.ts';
import { refreshSessionEnvironment } from './launch/index.ts';
import type { LiveSession } from './live-session.ts';
import type { Presence } from './presence.ts';
import { CommandRunner } from './run.ts';
import type { Session } from './session.ts';
import { LOCAL_USER, requireName, SessionLifecycle } from './session-lifecycle.ts';
import { SessionRegistry } from './session-registry.ts';
import { SessionStarter } from './session-starter.ts';
import { typeInto } from './typing.ts';

export interface SessionServiceDependencies {
  readonly store: SessionStore;
  readonly hosts: PtyHosts;
  readonly screens: Screens;
  readonly bus: EventBus;
  readonly presence: Presence;
  readonly locks: Pick<LockManager, 'acquire'>;
  /** Ids under which this state directory's server is, or was, known in the store. */
  readonly ownIds: ReadonlySet<string>;
  readonly config: Config;
  readonly sessionsDir: string;
  readonly serverId: string;
  readonly bootId: string;
  readonly log: { warn(fields: object, message: string): void };
}

/** Leaving waits no longer than this for last screens: the hosts have what is needed to make them again. */
const LEAVE_MS = 1000;
/** Last activity is stored this often. */
const ACTIVITY_INTERVAL_MS = 5000;
/** Deleted rows and old keys are removed this often, a day after their time. */
const COLLECT_INTERVAL_MS = 3_600_000;
const COLLECT_AFTER_MS = 24 * 3_600_000;
/** An ended session is on disk in this time, or its host keeps it for the next daemon. */
const SETTLE_MS = 2000;
/** What Enter sends. */
const CARRIAGE_RETURN = 0x0d;

/** What every command comes down to: finds the session, checks, does it. */
export class SessionService {
  readonly registry = new SessionRegistry();
  readonly #d: SessionServiceDependencies;
  readonly #lifecycle: SessionLifecycle;
  readonly #runner = new CommandRunner();
  readonly #recordedActivity = new Map<string, number>();
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(dependencies: SessionServiceDependencies) {
    this.#d = dependencies;
    this.#lifecycle = new SessionLifecycle({
      ...dependencies,
      registry: this.registry,
      starter: new SessionStarter(dependencies),
      trouble: (session, what, error) => this.#trouble(session, what, error),
    });
  }

  /** Takes up the stored sessions and the PTYs that were found. */
  async start(found: readonly Pty[]): Promise<void> {
    // Another server's sessions are its own business, whether it answers or not.
    const rows = (await this.#d.store.list(LOCAL_USER)).filter(row => this.#d.ownIds.has(row.ownerServer));
    const ptys = new Map(found.map(pty => [pty.session, pty]));
    const { unanswered } = this.#d.hosts;
    const takingUp = rows.map(row => {
      const pty = ptys.get(row.id);
      ptys.delete(row.id);
      return this.#lifecycle.takeUp(row, pty, this.#late(row.doc.hostId));
    });
    const orphans = [...ptys.values()].map(pty => this.#lifecycle.adoptOrphan(pty));
    for (const late of unanswered.values()) void late.then(held => this.#adoptUnknown(held));
    await Promise.all([...takingUp, ...orphans]);
    this.#timers.push(
      setInterval(() => this.#recordActivity(), ACTIVITY_INTERVAL_MS).unref(),
      setInterval(() => this.#collect(), COLLECT_INTERVAL_MS).unref(),
    );
  }

  /** What the host that holds a session will tell, if it has not answered; which host that is may not have been stored. */
  #late(hostId: string | null): Promise<readonly Pty[]> | undefined {
    const { unanswered } = this.#d.hosts;
    if (hostId !== null) return unanswered.get(hostId);
    if (unanswered.size === 0) return undefined;
    return Promise.all(unanswered.values()).then(held => held.flat());
  }

  async #adoptUnknown(ptys: readonly Pty[]): Promise<void> {
    const unknown = ptys.filter(pty => this.registry.get(pty.session) === undefined);
    await Promise.all(unknown.map(pty => this.#lifecycle.adoptOrphan(pty)));
  }

  /** Leaves every session running in its host, with its last screen and what is known of it stored. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#lifecycle.stop();
    this.#recordActivity();
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

  /** Attached clients, over all sessions. */
  get clients(): number {
    let clients = 0;
    for (const session of this.registry.all()) clients += session.live?.attachments.size ?? 0;
    return clients;
  }

  list(): SessionInfo[] {
    return this.registry.all().map(session => session.info());
  }

  create(params: ParsedParams<'session.create'>): Promise<SessionInfo> {
    return this.#lifecycle.create(params);
  }

  recreate(params: ParsedParams<'session.recreate'>): Promise<SessionInfo> {
    return this.#lifecycle.recreate(params);
  }

  async attach(
    session: Session,
    params: ParsedParams<'session.attach'>,
    port: AttachmentPort,
  ): Promise<{
    attachment: Attachment;
    live: LiveSession;
    resumed: boolean;
    offset: number;
    /** The client was attached already, and now is in another way. */
    replaced: boolean;
  }> {
    const live = session.running;
    const before = [...live.attachments].find(other => other.token === params.attachment);
    if (before !== undefined) live.replace(before);
    for (const other of [...live.attachments]) {
      if (params.detachOthers) this.#dismiss(session, live, other, 'others');
    }
    if (this.clients >= this.#d.config.maxClients) {
      throw new TermError(
        'TOO_MANY_CLIENTS',
        `${this.clients} clients are attached, the most that are allowed.`,
      );
    }
    const attached = await live.attach(
      {
        ...params,
        token: params.attachment,
        deviceId: params.deviceId ?? params.deviceName,
        pid: params.pid ?? null,
        nowMs: performance.now(),
      },
      port,
      params.resume,
      params.take,
    );
    if (before !== undefined) attached.attachment.activeAtMs = before.activeAtMs;
    if (attached.attachment.primary) {
      live.setColours(params.colours);
      await this.#refresh(session, params.environment);
    }
    session.emit('attached', { client: attached.attachment.id });
    return { ...attached, live, replaced: before !== undefined };
  }

  async rename(target: string, name: string): Promise<SessionInfo> {
    requireName(name);
    const session = this.registry.find(target);
    const before = session.name;
    await session.record.command({ name });
    session.emit('renamed', { name, before });
    return session.info();
  }

  async label(params: ParsedParams<'session.label'>): Promise<SessionInfo> {
    const session = this.registry.find(params.target);
    // They are stored as one member: each command is to start from what the one before has stored.
    await exclusively(this.#d.locks, session.id, () => {
      const labels = { ...session.row.doc.labels, ...params.set };
      for (const key of params.remove) delete labels[key];
      return session.record.command({ doc: { labels } });
    });
    return session.info();
  }

  async resize(params: ParsedParams<'session.resize'>): Promise<SessionInfo> {
    const session = this.registry.find(params.target);
    const live = session.running;
    await exclusively(this.#d.locks, session.id, async () => {
      await live.resize(params.size);
      // Stored when the command is done; while the database is away, as soon as it is back.
      await session.record.flush();
    });
    return session.info();
  }

  async setPolicy(params: ParsedParams<'session.policy'>): Promise<SessionInfo> {
    const session = this.registry.find(params.target);
    await session.record.command({ doc: { sizePolicy: params.sizePolicy } });
    session.live?.setPolicy(params.sizePolicy);
    return session.info();
  }

  /** A running session gets the signal and, when it was to end, has ended when this resolves; an ended one is removed. */
  async kill(target: string, signal: string | undefined): Promise<SessionInfo> {
    const session = this.registry.find(target);
    if (session.row.state === 'running') {
      await killSession(session, session.running, signal);
      return session.info();
    }
    const info = session.info();
    await this.#lifecycle.remove(session);
    return info;
  }

  /** Ends every running session, and waits a moment until what they leave is on disk and their hosts are free of them. */
  async killAll(): Promise<void> {
    const running = this.registry.all().filter(session => session.row.state === 'running');
    await Promise.allSettled(running.map(session => this.kill(session.id, undefined)));
    const signal = AbortSignal.timeout(SETTLE_MS);
    const live = this.registry.all().filter(session => session.live !== undefined);
    await Promise.allSettled(live.map(session => once(session.signals, 'left', { signal })));
  }

  detach(target: string, client: string | undefined): number {
    const session = this.registry.find(target);
    const live = session.running;
    const chosen = client === undefined ? [...live.attachments] : [clientOf(session, live, client)];
    for (const attachment of chosen) this.#dismiss(session, live, attachment, 'requested');
    return chosen.length;
  }

  async take(target: string, client: string | undefined): Promise<SessionInfo> {
    const session = this.registry.find(target);
    const live = session.running;
    const chosen = client === undefined ? live.latestController : clientOf(session, live, client);
    if (chosen === undefined)
      throw new TermError('CLIENT_NOT_FOUND', `No controller is attached to ${session.name}.`);
    if (chosen.role !== 'controller') throw new TermError('READ_ONLY', `Client ${chosen.id} is a viewer.`);
    await exclusively(this.#d.locks, session.id, async () => {
      live.take(chosen, performance.now());
      await session.record.flush();
    });
    return session.info();
  }

  async send(params: ParsedParams<'session.send'>): Promise<Result<'session.send'>> {
    const session = this.registry.find(params.target);
    const data = Buffer.from(params.data, 'base64');
    const live = session.running;
    if (data.includes(CARRIAGE_RETURN)) session.lineEntered();
    await typeInto(live, params.idempotencyKey, data);
    session.active();
    return { bytes: data.length };
  }

  run(params: ParsedParams<'session.run'>): Promise<Result<'session.run'>> {
    const session = this.registry.find(params.target);
    return this.#runner.run(session, params.argv, params.timeoutMs, params.idempotencyKey);
  }

  #dismiss(
    session: Session,
    live: LiveSession,
    attachment: Attachment,
    reason: 'requested' | 'others',
  ): void {
    const message = reason === 'others' ? 'Another client attached alone.' : 'Detached by request.';
    attachment.notify('attachment.detached', { reason, message });
    live.detach(attachment);
    session.emit('detached', { client: attachment.id });
  }

  async #refresh(session: Session, environment: Record<string, string>): Promise<void> {
    try {
      await refreshSessionEnvironment(session.files.dir, this.#d.config.refreshEnvironment, environment);
    } catch (error) {
      this.#trouble(session.id, 'refreshing the environment', error);
    }
  }

  #recordActivity(): void {
    const changed = new Map<string, number>();
    for (const session of this.registry.all()) {
      if (this.#recordedActivity.get(session.id) === session.lastActivityAt) continue;
      changed.set(session.id, session.lastActivityAt);
      this.#recordedActivity.set(session.id, session.lastActivityAt);
    }
    if (changed.size === 0) return;
    this.#d.store.recordActivity(changed).catch(error => this.#trouble('', 'storing activity', error));
  }

  #collect(): void {
    const deletedBefore = Date.now() - COLLECT_AFTER_MS;
    this.#d.store.collect(deletedBefore).catch(error => this.#trouble('', 'collecting old rows', error));
  }

  #trouble(session: string, what: string, thrown: unknown): void {
    const error = TermError.from(thrown);
    this.#d.log.warn({ session, code: error.code, error: error.message }, `trouble while ${what}`);
  }
}

function clientOf(session: Session, live: LiveSession, client: string): Attachment {
  for (const attachment of live.attachments) if (attachment.token.startsWith(client)) return attachment;
  throw new TermError('CLIENT_NOT_FOUND', `Session ${session.name} has no client ${client}.`);
}
