import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, configSchema } from '@triterm/core/config/load';
import { newToken } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { ParsedParams } from '@triterm/core/protocol';
import type { Database, SessionRow, SocketRegistry } from '@triterm/core/store';
import { LONG_MS } from '@triterm/core/testing/store/server-examples';
import { exampleDoc, exampleSession } from '@triterm/core/testing/store/session-examples';
import { SqliteHarness } from '@triterm/core/testing/store/sqlite-harness';
import type { Pty, PtyHosts } from '../../pty/pty.ts';
import { openPtyHosts } from '../../pty/supervisor.ts';
import { startScreens } from '../../screen/screen-service.ts';
import { EventBus } from '../event-bus.ts';
import { Presence } from '../presence.ts';
import { SessionParts } from '../session-parts.ts';

const HERE = 'here';

type Write = 'create' | 'claim';

/** The sessions of one server over a real database and a real pty-host; answers of the database are lost, and spawns held, as is asked for. */
export class SessionsWorld {
  readonly troubles: string[] = [];
  readonly database: Database;
  readonly parts: SessionParts;
  /** How many answers of a write are lost from now on, after it was done. */
  readonly lost: Record<Write, number> = { create: 0, claim: 0 };
  /** Called when a write was done whose answer is about to come, or to be lost. */
  done: (write: Write) => Promise<void> = async () => {};
  /** Spawns wait for this. */
  gate: Promise<void> = Promise.resolve();
  /** When set, what `listServers` tells instead of what the database has. */
  leasesSeen: 'lapsed' | undefined;
  readonly #dir: string;
  readonly #stores: SqliteHarness;
  readonly #hosts: PtyHosts;
  readonly #screens = startScreens();

  private constructor(
    dir: string,
    stores: SqliteHarness,
    database: Database,
    hosts: PtyHosts,
    incarnation: number,
    config: Config,
  ) {
    this.#dir = dir;
    this.#stores = stores;
    this.#hosts = hosts;
    this.database = database;
    const trouble = (_session: string, what: string, thrown: unknown) =>
      void this.troubles.push(`${what}: ${TermError.from(thrown).code}`);
    this.parts = new SessionParts({
      store: this.#store(),
      database,
      hosts: {
        list: () => hosts.list(),
        unanswered: hosts.unanswered,
        retire: () => hosts.retire(),
        close: () => hosts.close(),
        spawn: async request => {
          await this.gate;
          return hosts.spawn(request);
        },
      },
      screens: this.#screens,
      bus: new EventBus(HERE),
      // No client is attached here: nothing of it is used.
      presence: new Presence({
        registry: {} as SocketRegistry,
        serverId: HERE,
        incarnation: () => incarnation,
        trouble,
      }),
      locks: {
        acquire: async name => ({
          name,
          token: '',
          lost: new AbortController().signal,
          release: async () => {},
        }),
      },
      log: { warn: () => {} },
      lease: { held: true, incarnation, ensure: async () => true },
      servers: {
        listServers: async () => {
          const servers = await database.listServers();
          return this.leasesSeen === undefined ? servers : servers.map(row => ({ ...row, leaseLeftMs: -1 }));
        },
        setDraining: (...args) => database.setDraining(...args),
      },
      directory: { find: async () => undefined, list: () => [], hasOthers: true },
      tails: database,
      ownIds: new Set([HERE]),
      config,
      sessionsDir: this.sessionsDir,
      serverId: HERE,
      machine: { hostId: 'host-here', bootId: 'boot-here' },
      trouble,
    });
  }

  static async open(change: Partial<Config> = {}): Promise<SessionsWorld> {
    const stores = new SqliteHarness();
    const dir = mkdtempSync(join(tmpdir(), 'triterm-sessions-'));
    const database = await stores.open();
    const here = { id: HERE, hostId: 'host-here', bootId: 'boot-here', stateDir: dir, advertiseUrl: null };
    const { incarnation } = await database.registerServer(here, LONG_MS);
    const log = { info: () => {}, warn: () => {} };
    const { hosts } = await openPtyHosts({ paths: { hostsDir: join(dir, 'hosts') }, log, generation: 1 });
    const config = {
      ...configSchema.parse({}),
      shellIntegration: false,
      history: 'none' as const,
      ...change,
    };
    return new SessionsWorld(dir, stores, database, hosts, incarnation, config);
  }

  get sessionsDir(): string {
    return join(this.#dir, 'sessions');
  }

  /** What a client asks for; a program that stays. */
  wanted(change: Partial<ParsedParams<'session.create'>> = {}): ParsedParams<'session.create'> {
    return {
      name: 'work',
      argv: ['sleep', '1000'],
      cwd: '/tmp',
      environment: { PATH: process.env.PATH ?? '' },
      idempotencyKey: newToken(),
      ...change,
    };
  }

  /** A PTY of that name that no session has. */
  pty(session: string): Promise<Pty> {
    const argv = ['sleep', '1000'];
    return this.#hosts.spawn({ session, file: '/bin/sleep', argv, cwd: '/', env: {}, cols: 80, rows: 24 });
  }

  recreate(force = false): ParsedParams<'session.recreate'> {
    const { environment, idempotencyKey } = this.wanted();
    return { target: 'work', environment, idempotencyKey, force };
  }

  /** A row of a lost session that this server takes up, or of another server's. */
  async lostRow(ownerServer = HERE): Promise<SessionRow> {
    const doc = exampleDoc({ argv: ['sleep', '1000'], cwd: '/tmp', pid: null, hostId: null });
    const row = await this.database.create(exampleSession('work', { ownerServer, state: 'lost', doc }), {
      limit: 1000,
    });
    await this.parts.recovery.start([]);
    return row;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.parts.stop();
    const pids = this.#hosts.list().map(({ pid }) => pid);
    for (const session of this.parts.registry.all()) {
      session.leave();
      session.record.close();
    }
    await this.#hosts.close();
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await this.#screens.close();
    await this.#stores.dispose();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #store(): Database {
    const answer = async (write: Write, row: SessionRow): Promise<SessionRow> => {
      await this.done(write);
      if (this.lost[write] === 0) return row;
      this.lost[write] -= 1;
      throw new TermError('OUTCOME_UNKNOWN', 'No answer.');
    };
    return new Proxy(this.database, {
      get: (database, name: keyof Database) => {
        if (name === 'create')
          return async (...args: Parameters<Database['create']>) =>
            answer('create', await database.create(...args));
        if (name === 'claim')
          return async (...args: Parameters<Database['claim']>) =>
            answer('claim', await database.claim(...args));
        const member: unknown = database[name];
        return typeof member === 'function' ? member.bind(database) : member;
      },
    });
  }
}
