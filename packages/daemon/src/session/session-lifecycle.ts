import type { Config } from '@triterm/core/config/load';
import {
  DEFAULT_SIZE,
  isSessionName,
  newSessionId,
  type SessionDoc,
  type SessionInfo,
  type WindowSize,
} from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { ParsedParams } from '@triterm/core/protocol';
import type { ListedSession, LockManager, SessionRow, SessionStore } from '@triterm/core/store';
import type { Pty } from '../pty/pty.ts';
import type { Screens } from '../screen/screen.ts';
import type { EventBus } from './event-bus.ts';
import { exclusively } from './exclusive.ts';
import type { Launch } from './launch/index.ts';
import { freeName, retiredName } from './naming.ts';
import type { Presence } from './presence.ts';
import { RecordWriter } from './record-writer.ts';
import { rebasedCheckpoint } from './recreate.ts';
import { Session } from './session.ts';
import { SessionFiles } from './session-files.ts';
import type { SessionRegistry } from './session-registry.ts';
import type { SessionStarter } from './session-starter.ts';

export interface SessionLifecycleDependencies {
  readonly registry: SessionRegistry;
  readonly starter: SessionStarter;
  readonly store: SessionStore;
  readonly screens: Screens;
  readonly bus: EventBus;
  readonly presence: Presence;
  readonly locks: Pick<LockManager, 'acquire'>;
  readonly config: Config;
  readonly sessionsDir: string;
  readonly serverId: string;
  readonly bootId: string;
  trouble(session: string, what: string, error: unknown): void;
}

/** Everybody on one server is one user in the store: sockets admit only the account that the daemon runs as. */
export const LOCAL_USER = 'local';
/** Names that are tried for a session that was given none, while others take them away. */
const NAME_TRIES = 20;
const MAX_TIMER_MS = 2 ** 31 - 1;
/** An ended session that could not be put away is tried again after this time; its host keeps it meanwhile. */
const SETTLE_AGAIN_MS = 10_000;

/** How sessions begin, are taken up again, end, and are put away. */
export class SessionLifecycle {
  readonly #d: SessionLifecycleDependencies;
  readonly #retention = new Map<string, NodeJS.Timeout>();
  readonly #unsettled = new Map<string, NodeJS.Timeout>();

  constructor(dependencies: SessionLifecycleDependencies) {
    this.#d = dependencies;
  }

  /** Makes a session and starts its program. A name that an ended session holds is taken over from it. */
  async create(params: ParsedParams<'session.create'>): Promise<SessionInfo> {
    if (params.name !== undefined) await this.#freeForNew(params.name);
    const id = newSessionId();
    const files = this.#files(id);
    try {
      files.prepare();
      const launch = await this.#d.starter.prepare({ id, name: params.name ?? '', dir: files.dir }, params);
      const row = await this.#createRow(id, params, launch);
      if (row.id === id) return await this.#begin(row, files, launch);
      await files.discard();
      return this.#d.registry.find(row.id).info();
    } catch (error) {
      await files.discard();
      throw error;
    }
  }

  /** A lost session gets a new program: cwd, labels and the old scrollback above a marker. */
  async recreate(params: ParsedParams<'session.recreate'>): Promise<SessionInfo> {
    const session = this.#d.registry.find(params.target);
    await session.record.flush();
    const { row } = session;
    if (row.state !== 'lost')
      throw new TermError('SESSION_RUNNING', `Session ${session.name} is ${row.state}, not lost.`);
    const { argv, cwd } = row.doc;
    session.files.prepare();
    const launch = await this.#d.starter.prepare(
      { id: session.id, name: session.name, dir: session.files.dir },
      { argv, cwd, environment: params.environment },
    );
    const size = params.size ?? { cols: row.doc.cols, rows: row.doc.rows };
    const initial = await session
      .withScreen(screen => rebasedCheckpoint(screen, size))
      .catch(error => {
        if (TermError.from(error).code !== 'NO_SCREEN')
          this.#d.trouble(row.id, 'keeping the scrollback of a session that is made anew', error);
        return undefined;
      });
    const claimed = await exclusively(this.#d.locks, row.id, () =>
      this.#d.store.claim(row.id, { rev: row.rev }, this.#d.serverId, {
        state: 'running',
        doc: { ...size, ...this.#notStarted() },
      }),
    );
    session.record.replace(claimed);
    try {
      await this.#d.starter.spawn(session, launch, initial);
    } catch (error) {
      session.record.learn({ state: 'lost' });
      throw error;
    }
    session.emit('created', { command: launch.display });
    return session.info();
  }

  /**
   * A stored session after a restart: with its PTY it goes on, without it was lost. `late`: the host that held it has not
   * answered yet, and these are its PTYs when it has.
   */
  async takeUp(row: ListedSession, pty: Pty | undefined, late?: Promise<readonly Pty[]>): Promise<void> {
    const session = this.#session(row, this.#files(row.id), row.lastActivityAt);
    this.#d.registry.add(session);
    if (pty === undefined && row.state === 'running' && late !== undefined)
      void late.then(ptys =>
        this.#goOn(
          session,
          row,
          ptys.find(found => found.session === row.id),
        ),
      );
    else await this.#goOn(session, row, pty);
  }

  async #goOn(session: Session, row: SessionRow, pty: Pty | undefined): Promise<void> {
    if (pty !== undefined) {
      session.record.learn({
        ...(row.state === 'lost' ? { state: 'running' as const } : {}),
        doc: { pid: pty.pid, hostId: pty.hostId, ...(row.state === 'lost' ? { endedAt: null } : {}) },
      });
      await this.#d.starter
        .follow(session, pty)
        .catch(error => this.#d.trouble(row.id, 'following a session', error));
    } else if (row.state === 'running') {
      session.record.learn({ state: 'lost', doc: { pid: null, endedAt: new Date().toISOString() } });
      session.emit('lost');
    } else if (row.state === 'exited') {
      this.#retain(session);
    }
  }

  /** A PTY that the store does not know, because the database is new: it gets a row again. */
  async adoptOrphan(pty: Pty): Promise<void> {
    const name = freeName(`recovered-${pty.session.slice(0, 4)}`, this.#isTaken);
    try {
      const row = await this.#d.store.create(
        {
          id: pty.session,
          userId: LOCAL_USER,
          name,
          ownerServer: this.#d.serverId,
          state: 'running',
          doc: this.#doc({ size: pty.info }, { display: 'recovered', cwd: '/', shell: null }),
        },
        { limit: Number.MAX_SAFE_INTEGER },
      );
      await this.takeUp({ ...row, lastActivityAt: row.createdAt }, pty);
    } catch (error) {
      this.#d.trouble(pty.session, 'adopting a running session that the database does not know', error);
    }
  }

  /** Removes an ended or lost session with everything that was kept of it. */
  async remove(session: Session): Promise<void> {
    for (const timers of [this.#retention, this.#unsettled]) {
      clearTimeout(timers.get(session.id));
      timers.delete(session.id);
    }
    const { live } = session;
    await this.#d.store.delete(session.id, { ownerEpoch: session.row.ownerEpoch });
    this.#d.registry.remove(session);
    session.record.close();
    session.leave();
    await live?.pty.forget().catch(error => this.#d.trouble(session.id, 'forgetting a PTY', error));
    await session.files.discard();
    session.emit('removed');
  }

  /** Nothing is removed any more. */
  stop(): void {
    for (const timers of [this.#retention, this.#unsettled])
      for (const timer of timers.values()) clearTimeout(timer);
  }

  readonly #isTaken = (name: string): boolean => this.#d.registry.byName(name) !== undefined;

  async #begin(row: SessionRow, files: SessionFiles, launch: Launch): Promise<SessionInfo> {
    const session = this.#session(row, files, row.createdAt);
    this.#d.registry.add(session);
    try {
      await this.#d.starter.spawn(session, launch, undefined);
    } catch (error) {
      this.#d.registry.remove(session);
      session.record.close();
      await this.#d.store.delete(row.id, {});
      throw error;
    }
    session.emit('created', { command: launch.display });
    return session.info();
  }

  #createRow(id: string, params: ParsedParams<'session.create'>, launch: Launch): Promise<SessionRow> {
    const create = (name: string) =>
      this.#d.store.create(
        {
          id,
          userId: LOCAL_USER,
          name,
          ownerServer: this.#d.serverId,
          state: 'running',
          doc: this.#doc(params, launch),
        },
        { limit: this.#d.config.maxSessions, idempotencyKey: params.idempotencyKey },
      );
    if (params.name !== undefined) return create(params.name);
    return this.#withFreeName(taken => freeName(launch.display, taken), create);
  }

  /** Uses a name that is free by what is known here; where the store refuses it, by what all servers have. Rejects as `use`. */
  async #withFreeName<T>(
    choose: (taken: (name: string) => boolean) => string,
    use: (name: string) => Promise<T>,
  ): Promise<T> {
    const elsewhere = new Set<string>();
    for (let tried = 1; ; tried++) {
      try {
        return await use(choose(name => elsewhere.has(name) || this.#isTaken(name)));
      } catch (error) {
        if (TermError.from(error).code !== 'NAME_TAKEN' || tried === NAME_TRIES) throw error;
        for (const { name } of await this.#d.store.list(LOCAL_USER)) elsewhere.add(name);
      }
    }
  }

  #doc(
    wanted: Partial<
      Pick<ParsedParams<'session.create'>, 'argv' | 'sizePolicy' | 'labels' | 'scrollbackLines'>
    > & { size?: WindowSize | undefined },
    launch: Pick<Launch, 'display' | 'cwd' | 'shell'>,
  ): SessionDoc {
    const { cols, rows } = wanted.size ?? DEFAULT_SIZE;
    return {
      argv: wanted.argv ?? [],
      command: launch.display,
      shell: launch.shell,
      cwd: launch.cwd,
      title: '',
      cols,
      rows,
      sizePolicy: wanted.sizePolicy ?? this.#d.config.sizePolicy,
      labels: wanted.labels ?? {},
      scrollbackLines: wanted.scrollbackLines ?? this.#d.config.scrollbackLines,
      ...this.#notStarted(),
    };
  }

  #notStarted() {
    return {
      pid: null,
      hostId: null,
      exitCode: null,
      signal: null,
      endedAt: null,
      bootId: this.#d.bootId,
    };
  }

  #files(id: string): SessionFiles {
    return new SessionFiles(this.#d.sessionsDir, id, error =>
      this.#d.trouble(id, 'keeping a screen on disk', error),
    );
  }

  #session(row: SessionRow, files: SessionFiles, lastActivityAt: number): Session {
    return new Session({
      lastActivityAt,
      record: new RecordWriter(this.#d.store, row, error =>
        this.#d.trouble(row.id, 'storing a change', error),
      ),
      files,
      bus: this.#d.bus,
      screens: this.#d.screens,
      presence: this.#d.presence,
      trouble: (what, error) => this.#d.trouble(row.id, what, error),
      settled: session => void this.#settle(session),
    });
  }

  /** Everything that an ended program wrote is known: once screen and status are on disk, the host may forget it. */
  async #settle(session: Session): Promise<void> {
    const { live } = session;
    if (live === undefined) return;
    this.#retain(session);
    const kept = await live.checkpoint();
    const [onDisk, stored] = await Promise.all([session.files.flush(), session.record.flush()]);
    if (live.attachments.size > 0 || session.live !== live) return;
    if (kept === undefined || !onDisk || !stored) {
      this.#settleLater(session);
      return;
    }
    session.leave();
    await live.pty.forget().catch(error => this.#d.trouble(session.id, 'forgetting a PTY', error));
  }

  #settleLater(session: Session): void {
    clearTimeout(this.#unsettled.get(session.id));
    const timer = setTimeout(() => void this.#settle(session), SETTLE_AGAIN_MS).unref();
    this.#unsettled.set(session.id, timer);
  }

  /** An ended session stays listed for a while. */
  #retain(session: Session): void {
    clearTimeout(this.#retention.get(session.id));
    const endedAt = Date.parse(session.row.doc.endedAt ?? '') || Date.now();
    const restMs = Math.max(0, endedAt + this.#d.config.exitedRetentionMs - Date.now());
    const timer = setTimeout(
      () => {
        this.remove(session).catch(error => this.#d.trouble(session.id, 'removing an ended session', error));
      },
      Math.min(restMs, MAX_TIMER_MS),
    );
    this.#retention.set(session.id, timer.unref());
  }

  async #freeForNew(name: string): Promise<void> {
    requireName(name);
    const holder = this.#d.registry.byName(name);
    if (holder?.row.state !== 'exited') return;
    await this.#withFreeName(
      taken => retiredName(name, taken),
      retired => holder.record.command({ name: retired }),
    );
  }
}

/** Throws BAD_NAME. */
export function requireName(name: string): void {
  if (!isSessionName(name)) throw new TermError('BAD_NAME', `${JSON.stringify(name)} is no session name.`);
}
