import type { Config } from '@triterm/core/config/load';
import type { ParsedParams } from '@triterm/core/protocol';
import type { Log } from '../observe/log.ts';
import type { Pty, PtyHosts } from '../pty/pty.ts';
import type { Screens } from '../screen/screen.ts';
import { type Launch, prepareLaunch } from './launch/index.ts';
import { LiveSession } from './live-session.ts';
import type { Session } from './session.ts';

export interface SessionStarterDependencies {
  readonly hosts: PtyHosts;
  readonly screens: Screens;
  readonly config: Config;
  readonly log: Pick<Log, 'warn'>;
}

/** What is to be started for a session. */
export type LaunchRequest = Pick<
  ParsedParams<'session.create'>,
  'argv' | 'cwd' | 'environment' | 'extraEnvironment'
>;

/** Starts a session's program on a host, or follows one that runs already. */
export class SessionStarter {
  readonly #d: SessionStarterDependencies;

  constructor(dependencies: SessionStarterDependencies) {
    this.#d = dependencies;
  }

  /** Checks and completes what is to be started. Throws BAD_CWD, COMMAND_NOT_FOUND, PERMISSION_DENIED. */
  async prepare(session: { id: string; name: string; dir: string }, request: LaunchRequest): Promise<Launch> {
    const launch = await prepareLaunch({
      config: this.#d.config,
      argv: request.argv ?? [],
      cwd: request.cwd,
      clientEnvironment: request.environment,
      extraEnvironment: request.extraEnvironment ?? {},
      session: { id: session.id, name: session.name },
      sessionDir: session.dir,
    });
    const { id, name } = session;
    for (const note of launch.notes)
      this.#d.log.warn({ session: id, name, note }, 'a session starts otherwise than it is configured');
    return launch;
  }

  /** Starts the program in the session's size. `initial`: a checkpoint that its screen begins with. */
  spawn(session: Session, launch: Launch, initial: Uint8Array | undefined): Promise<void> {
    const spawning = this.#spawn(session, launch, initial);
    session.spawning(spawning);
    return spawning;
  }

  async #spawn(session: Session, launch: Launch, initial: Uint8Array | undefined): Promise<void> {
    const { doc } = session.row;
    await session.files.keepHolder(session);
    const pty = await this.#d.hosts.spawn({
      session: session.ptyId,
      file: launch.file,
      argv: launch.argv,
      cwd: launch.cwd,
      env: launch.env,
      cols: doc.cols,
      rows: doc.rows,
      detachedOverflowAfterMs: this.#d.config.detachedOverflowAfterMs,
    });
    if (initial !== undefined) pty.checkpoint(0, 0, initial);
    session.learn({ pid: pty.pid, hostId: pty.hostId, command: launch.display });
    try {
      await this.follow(session, pty, initial);
    } catch (error) {
      // It is told to have failed: nothing is to run that nobody has.
      session.leave();
      void this.#abandon(session, pty);
      throw error;
    }
  }

  async #abandon({ id, name }: Session, pty: Pty): Promise<void> {
    try {
      await pty.signal('SIGKILL');
      await pty.forget();
    } catch (error) {
      this.#d.log.warn({ session: id, name, error }, 'a program that could not be followed may go on');
    }
  }

  /** Follows a PTY from its checkpoint, `initial`, or its first byte. */
  async follow(session: Session, pty: Pty, initial?: Uint8Array): Promise<void> {
    const { doc } = session.row;
    const history = this.#d.config.history;
    const live = new LiveSession(
      {
        pty,
        screens: this.#d.screens,
        sizePolicy: doc.sizePolicy,
        scrollbackLines: history === 'none' ? 0 : doc.scrollbackLines,
        scrollbackBytes: this.#d.config.maxScrollbackBytes,
        historyDir: history === 'disk' ? session.files.historyDir : null,
        handOver: doc.handOver ?? this.#d.config.handOver,
        ...(initial === undefined ? {} : { initial }),
      },
      session.listener(),
    );
    session.goLive(live);
    await live.start();
  }
}
