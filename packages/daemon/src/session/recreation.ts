import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import type { Config } from '@triterm/core/config/load';
import { newSessionId, type SessionDoc, type SessionInfo, type WindowSize } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { ParsedParams } from '@triterm/core/protocol';
import {
  type LockManager,
  presentRow,
  type ScreenTable,
  type ServerTable,
  type SessionRow,
  type SessionStore,
  type SessionTable,
} from '@triterm/core/store';
import type { Screens } from '../screen/screen.ts';
import { exclusively } from './exclusive.ts';
import type { Launch } from './launch/index.ts';
import { type Lease, underLease } from './lease.ts';
import { type Machine, requireOwnerDead } from './owner-death.ts';
import { rebasedCheckpoint } from './recreate.ts';
import { decodeContent } from './screen-content.ts';
import type { Session } from './session.ts';
import type { SessionFactory } from './session-factory.ts';
import type { SessionFiles } from './session-files.ts';
import type { SessionRegistry } from './session-registry.ts';
import type { SessionStarter } from './session-starter.ts';
import { SILENT_SCREEN } from './silent-screen.ts';
import { untilKnown } from './until-known.ts';

export interface RecreationDependencies {
  readonly registry: SessionRegistry;
  readonly factory: SessionFactory;
  readonly starter: SessionStarter;
  readonly store: SessionStore;
  /** Past every cache. */
  readonly database: Pick<SessionTable, 'read'>;
  readonly servers: Pick<ServerTable, 'listServers'>;
  readonly tails: Pick<ScreenTable, 'getScreen'>;
  readonly lease: Lease;
  readonly locks: Pick<LockManager, 'acquire'>;
  readonly screens: Screens;
  readonly serverId: string;
  readonly machine: Machine;
  readonly config: Pick<Config, 'history' | 'maxSessions' | 'maxSessionsPerServer'>;
  trouble(session: string, what: string, error: unknown): void;
}

type Wanted = ParsedParams<'session.recreate'>;

/** A program that is about to be started again, and what its screen begins with. */
interface Renewal {
  readonly launch: Launch;
  readonly size: WindowSize;
  readonly initial: Uint8Array | undefined;
}

/** Starts sessions anew whose program is gone: cwd, labels and the old scrollback above a marker. */
export class Recreation {
  readonly #d: RecreationDependencies;
  /** By session. */
  readonly #underWay = new Map<string, { readonly key: string; readonly made: Promise<SessionInfo> }>();

  constructor(dependencies: RecreationDependencies) {
    this.#d = dependencies;
  }

  /**
   * A lost session of this server; a repetition under the same key gets what the first one has made. Rejects with SESSION_RUNNING,
   * TOO_MANY_SESSIONS, SESSION_MOVED when somebody else was first.
   */
  here(session: Session, wanted: Wanted): Promise<SessionInfo> {
    return this.#once(session.row, wanted, () => this.#here(session, wanted));
  }

  /**
   * A session of another server, on this one. Rejects with OWNER_ALIVE (as `requireOwnerDead`, or when its server has come back
   * meanwhile), SESSION_RUNNING, TOO_MANY_SESSIONS, SESSION_MOVED when somebody else was first.
   */
  elsewhere(row: SessionRow, wanted: Wanted): Promise<SessionInfo> {
    return this.#once(row, wanted, () => this.#elsewhere(row, wanted));
  }

  /** One after the other; the request of one key is done once. */
  #once(
    row: SessionRow,
    { idempotencyKey: key }: Wanted,
    make: () => Promise<SessionInfo>,
  ): Promise<SessionInfo> {
    const before = this.#underWay.get(row.id);
    if (before?.key === key) return before.made;
    const made = before === undefined ? make() : before.made.then(make, make);
    const underWay = { key, made };
    this.#underWay.set(row.id, underWay);
    const end = () => {
      if (this.#underWay.get(row.id) === underWay) this.#underWay.delete(row.id);
    };
    made.then(end, end);
    return made;
  }

  async #here(session: Session, wanted: Wanted): Promise<SessionInfo> {
    await session.lossKept;
    const isStored = await session.record.flush();
    const { row, files } = session;
    if (!session.record.isOwned) throw moved(row);
    if (isRepetition(row, wanted)) return session.info();
    if (row.state !== 'lost') throw notLost(row);
    // Stored later, it would be taken for the state of the new program.
    if (!isStored)
      throw new TermError('STORE_UNAVAILABLE', `That session ${row.name} was lost could not be stored yet.`);
    const renewal = await this.#prepare(row, files, wanted, initial =>
      session.withScreen(screen => rebasedCheckpoint(screen, initial.size, initial.notices)),
    );
    try {
      await session.record.claimBy(() => this.#claim(row, renewal, session.ptyId, wanted));
    } catch (thrown) {
      // Should it have been done all the same, it says that a program runs.
      const { endedAt } = row.doc;
      if (TermError.from(thrown).code === 'OUTCOME_UNKNOWN')
        session.record.learn({ state: 'lost', doc: { endedAt } });
      throw thrown;
    }
    return this.#begin(session, renewal);
  }

  async #elsewhere(row: SessionRow, wanted: Wanted): Promise<SessionInfo> {
    const servers = await this.#d.servers.listServers();
    if (row.state === 'exited') throw notLost(row);
    requireOwnerDead(row, servers, this.#d.machine, wanted.force);
    // What the name once called here, another PTY may have: the one that this session had before, kept as an orphan.
    const ptyId = newSessionId();
    const files = this.#d.factory.files(ptyId);
    const release = this.#d.registry.reserve(row.id);
    try {
      const renewal = await this.#prepare(row, files, wanted, ({ size, notices }) =>
        this.#fromTail(row, files, size, notices),
      );
      const claimed = await this.#claim(row, renewal, ptyId, wanted);
      const session = this.#d.factory.session(claimed, files, Date.now());
      this.#d.registry.add(session);
      session.emit('moved', { before: row.ownerServer });
      return await this.#begin(session, renewal);
    } catch (thrown) {
      if (this.#d.registry.byPty(ptyId) === undefined) await files.discard();
      throw thrown;
    } finally {
      release();
    }
  }

  async #prepare(
    row: SessionRow,
    files: SessionFiles,
    wanted: Wanted,
    draw: (initial: { size: WindowSize; notices: string[] }) => Promise<Uint8Array | undefined>,
  ): Promise<Renewal> {
    const { doc, id, name } = row;
    const size = wanted.size ?? { cols: doc.cols, rows: doc.rows };
    files.prepare();
    const cwd = (await isDirectory(doc.cwd)) ? doc.cwd : homedir();
    const launch = await this.#d.starter.prepare(
      { id, name, dir: files.dir },
      { argv: doc.argv, cwd, environment: wanted.environment },
    );
    const notices = cwd === doc.cwd ? [] : [`there is no directory ${doc.cwd} here; this begins in ${cwd}`];
    const initial = await draw({ size, notices }).catch(error => {
      if (TermError.from(error).code !== 'NO_SCREEN')
        this.#d.trouble(id, 'keeping the scrollback of a session that is made anew', error);
      return undefined;
    });
    return { launch, size, initial };
  }

  /** One winner: whoever has read an older revision changes nothing. */
  async #claim(
    row: SessionRow,
    { launch, size }: Renewal,
    ptyId: string,
    { idempotencyKey }: Wanted,
  ): Promise<SessionRow> {
    const { config, factory, lease, locks, serverId, store } = this.#d;
    const doc = {
      ...size,
      ...factory.notStarted(),
      cwd: launch.cwd,
      shell: launch.shell,
      ptyId: ptyId === row.id ? null : ptyId,
      recreatedBy: idempotencyKey,
    };
    const limits = { limit: config.maxSessions, serverLimit: config.maxSessionsPerServer };
    const claim = () =>
      underLease(lease, incarnation =>
        store.claim(row.id, { rev: row.rev, incarnation }, serverId, { state: 'running', doc }, limits),
      );
    try {
      return await exclusively(locks, row.id, () => untilKnown(claim));
    } catch (thrown) {
      const { code } = TermError.from(thrown);
      if (code !== 'STALE_REVISION') throw thrown;
      const present = await this.#claimedBefore(row, doc).catch(cause => {
        throw new TermError('OUTCOME_UNKNOWN', `Nobody could say whether ${row.name} was made anew.`, {
          cause,
        });
      });
      if (present === undefined) throw moved(row, thrown);
      return present;
    }
  }

  /** The row, when it is another one since because this claim was done and its answer lost. */
  async #claimedBefore(
    row: SessionRow,
    { ptyId, recreatedBy }: Pick<SessionDoc, 'ptyId' | 'recreatedBy'>,
  ): Promise<SessionRow | undefined> {
    const present = presentRow(await this.#d.database.read(row.id));
    if (present === undefined) return undefined;
    const { ownerServer, doc } = present;
    const isOurs = ownerServer === this.#d.serverId && doc.ptyId === ptyId && doc.recreatedBy === recreatedBy;
    return isOurs && present.ownerEpoch > row.ownerEpoch ? present : undefined;
  }

  async #begin(session: Session, { launch, initial }: Renewal): Promise<SessionInfo> {
    try {
      await this.#d.starter.spawn(session, launch, initial);
    } catch (error) {
      session.record.learn({ state: 'lost' });
      throw error;
    }
    session.emit('created', { command: launch.display });
    return session.info();
  }

  /** The last screen that its server has left in the database, as far as it is kept there; undefined when it left none. */
  async #fromTail(
    row: SessionRow,
    files: SessionFiles,
    size: WindowSize,
    notices: readonly string[],
  ): Promise<Uint8Array | undefined> {
    const { history } = this.#d.config;
    const tail = await this.#d.tails.getScreen(row.id);
    const content = tail === undefined ? undefined : decodeContent(tail.content);
    const screen = this.#d.screens.open(
      row.id,
      {
        cols: tail?.cols ?? size.cols,
        rows: tail?.rows ?? size.rows,
        sizeGeneration: 0,
        offset: 0,
        checkpoint: null,
        scrollbackLines: history === 'none' ? 0 : row.doc.scrollbackLines,
        historyDir: history === 'disk' ? files.historyDir : null,
      },
      SILENT_SCREEN,
    );
    try {
      const lines = content === undefined ? [] : [...content.scrollback, ...content.screen];
      while (lines.at(-1) === '') lines.pop();
      screen.write(0, Buffer.from(lines.map(line => `${line}\x1b[0m`).join('\r\n')));
      return await rebasedCheckpoint(screen, size, notices);
    } finally {
      screen.close();
    }
  }
}

/** Whether this very request has started it anew already. */
export function isRepetition({ state, doc }: SessionRow, { idempotencyKey }: Wanted): boolean {
  return state !== 'lost' && doc.recreatedBy === idempotencyKey;
}

function notLost(row: SessionRow): TermError {
  return new TermError('SESSION_RUNNING', `Session ${row.name} is ${row.state}, not lost.`);
}

function moved(row: SessionRow, cause?: unknown): TermError {
  return new TermError('SESSION_MOVED', `Session ${row.name} was changed by somebody else meanwhile.`, {
    cause,
  });
}

async function isDirectory(path: string): Promise<boolean> {
  return await stat(path).then(
    found => found.isDirectory(),
    () => false,
  );
}
