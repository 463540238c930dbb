import type { Config } from '@triterm/core/config/load';
import { DEFAULT_SIZE, type SessionDoc, type WindowSize } from '@triterm/core/domain';
import type { ParsedParams } from '@triterm/core/protocol';
import type { SessionRow, SessionStore, SessionTable } from '@triterm/core/store';
import type { Screens } from '../screen/screen.ts';
import type { EventBus } from './event-bus.ts';
import type { Launch } from './launch/index.ts';
import type { Lease } from './lease.ts';
import type { Presence } from './presence.ts';
import { RecordWriter } from './record-writer.ts';
import { Session } from './session.ts';
import { SessionFiles } from './session-files.ts';

export interface SessionFactoryDependencies {
  readonly store: SessionStore;
  /** Past every cache. */
  readonly database: Pick<SessionTable, 'read'>;
  readonly lease: Lease;
  readonly screens: Screens;
  readonly bus: EventBus;
  readonly presence: Presence;
  readonly config: Config;
  readonly sessionsDir: string;
  readonly serverId: string;
  readonly ownIds: ReadonlySet<string>;
  readonly bootId: string;
  trouble(session: string, what: string, error: unknown): void;
  /** Its program has ended and everything that it wrote is known. */
  settled(session: Session): void;
  /** Another server owns it, as `present` says, or it was deleted. */
  superseded(session: Session, present: SessionRow | undefined): void;
}

/** What a new session's document is made of. */
type Wanted = Partial<
  Pick<ParsedParams<'session.create'>, 'argv' | 'sizePolicy' | 'handOver' | 'labels' | 'scrollbackLines'>
> & { readonly size?: WindowSize | undefined };

/** Makes sessions of rows, and what rows are made of. */
export class SessionFactory {
  readonly #d: SessionFactoryDependencies;

  constructor(dependencies: SessionFactoryDependencies) {
    this.#d = dependencies;
  }

  files(ptyId: string): SessionFiles {
    return new SessionFiles(this.#d.sessionsDir, ptyId, error =>
      this.#d.trouble(ptyId, 'keeping a screen on disk', error),
    );
  }

  /** `lastActivityAt`: milliseconds since 1970. */
  session(row: SessionRow, files: SessionFiles, lastActivityAt: number): Session {
    const { store, database, lease, serverId, ownIds, bus, screens, presence } = this.#d;
    const session: Session = new Session({
      lastActivityAt,
      record: new RecordWriter(
        {
          store,
          database,
          lease,
          serverId,
          ownIds,
          trouble: error => this.#d.trouble(session.id, 'storing a change', error),
          superseded: present => this.#d.superseded(session, present),
        },
        row,
      ),
      files,
      bus,
      screens,
      presence,
      trouble: (what, error) => this.#d.trouble(session.id, what, error),
      settled: () => this.#d.settled(session),
    });
    return session;
  }

  doc(wanted: Wanted, launch: Pick<Launch, 'display' | 'cwd' | 'shell'>): SessionDoc {
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
      ...(wanted.handOver === undefined ? {} : { handOver: wanted.handOver }),
      labels: wanted.labels ?? {},
      scrollbackLines: wanted.scrollbackLines ?? this.#d.config.scrollbackLines,
      ...this.notStarted(),
    };
  }

  /** Of a program that is to be started on this machine. */
  notStarted() {
    return {
      pid: null,
      hostId: null,
      exitCode: null,
      signal: null,
      endedAt: null,
      bootId: this.#d.bootId,
    };
  }
}
