import { EventEmitter } from 'node:events';
import type { SessionDoc, SessionInfo, WindowSize } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { ExitStatus } from '@triterm/core/protocol';
import type { SessionRow } from '@triterm/core/store';
import type { Capture, CaptureOptions, Checkpoint, Screen, Screens, ShellMark } from '../screen/screen.ts';
import type { Attachment } from './attachment.ts';
import { DeviceRoster } from './devices.ts';
import type { EventBus } from './event-bus.ts';
import { initialPrompt, type PromptState, promptAfter, promptAfterEnter } from './launch/index.ts';
import type { LiveSession, LiveSessionListener } from './live-session.ts';
import type { Presence } from './presence.ts';
import { ptyIdOf } from './pty-id.ts';
import type { RecordWriter } from './record-writer.ts';
import type { SessionFiles } from './session-files.ts';
import { SILENT_SCREEN } from './silent-screen.ts';
import { storedInfo } from './stored-info.ts';

/** What happens in a session, for those who wait for something. */
interface SessionSignals {
  output: [offset: number, bytes: Uint8Array];
  parsed: [offset: number];
  mark: [mark: ShellMark];
  prompt: [];
  ended: [];
  /** The live part was let go. */
  left: [];
}

export interface SessionDependencies {
  readonly record: RecordWriter;
  readonly files: SessionFiles;
  readonly bus: EventBus;
  readonly screens: Screens;
  /** Milliseconds since 1970. */
  readonly lastActivityAt: number;
  trouble(what: string, error: unknown): void;
  /** Its program has ended and everything that it wrote is known and kept. */
  settled(session: Session): void;
  readonly presence: Presence;
}

/** Those that may wait for one session at once. */
const MAX_LISTENERS = 256;
/** The server that has it, as it sees itself. */
const HERE = { alive: true, unreachableSince: null };

/** One session, whatever its state: what is known of it, and the live part while its PTY is there. */
export class Session {
  readonly files: SessionFiles;
  readonly signals = new EventEmitter<SessionSignals>();
  readonly #record: RecordWriter;
  readonly #bus: EventBus;
  readonly #screens: Screens;
  readonly #dependencies: SessionDependencies;
  readonly #devices = new DeviceRoster();
  #live: LiveSession | undefined;
  #losing: Promise<void> = Promise.resolve();
  #spawned: Promise<unknown> = Promise.resolve();
  #prompt: PromptState = initialPrompt();
  #lastActivityAt: number;
  /** Monotonic time of the last output or input; at first of when it was taken up, so that clients have time to come back. */
  activeAtMs: number;

  constructor(dependencies: SessionDependencies) {
    this.#dependencies = dependencies;
    this.#record = dependencies.record;
    this.files = dependencies.files;
    this.#bus = dependencies.bus;
    this.#screens = dependencies.screens;
    this.#lastActivityAt = dependencies.lastActivityAt;
    this.activeAtMs = performance.now();
    this.signals.setMaxListeners(MAX_LISTENERS);
  }

  get row(): SessionRow {
    return this.#record.row;
  }

  /** Another one after its PTY was superseded. */
  get id(): string {
    return this.row.id;
  }

  get name(): string {
    return this.row.name;
  }

  /** What the pty-host calls its PTY, and its files their directory. */
  get ptyId(): string {
    return ptyIdOf(this.row);
  }

  /** Whose it is. */
  get userId(): string {
    return this.row.userId;
  }

  get record(): RecordWriter {
    return this.#record;
  }

  get prompt(): PromptState {
    return this.#prompt;
  }

  /** Milliseconds since 1970 of the last output or input. */
  get lastActivityAt(): number {
    return this.#lastActivityAt;
  }

  get live(): LiveSession | undefined {
    return this.#live;
  }

  /** The live part of a session whose program runs. Throws SESSION_EXITED, SESSION_LOST or PTY_HOST_UNAVAILABLE. */
  get running(): LiveSession {
    if (this.row.state === 'lost') throw new TermError('SESSION_LOST', `Session ${this.name} was lost.`);
    if (this.row.state === 'exited') throw new TermError('SESSION_EXITED', `Session ${this.name} has ended.`);
    if (this.#live === undefined)
      throw new TermError('PTY_HOST_UNAVAILABLE', `The pty-host of session ${this.name} does not answer.`);
    return this.#live;
  }

  /**
   * The live part, for a client: of a session whose program has ended too, while one comes back to it that may not have seen the
   * end. Throws as `running`.
   */
  attachable(isReturning: boolean): LiveSession {
    return isReturning && this.row.state === 'exited' && this.#live !== undefined ? this.#live : this.running;
  }

  /** Its program is being started. */
  spawning(started: Promise<void>): void {
    this.#spawned = started.catch(() => {});
  }

  /** Until a start of its program that is under way has an end, good or bad. Never rejects. */
  get spawned(): Promise<unknown> {
    return this.#spawned;
  }

  goLive(live: LiveSession): void {
    this.#live = live;
  }

  /** Lets go of the live part; the PTY goes on in its host, if it has not ended. */
  leave(): void {
    if (this.#live === undefined) return;
    this.#live.close();
    this.#live = undefined;
    this.signals.emit('left');
  }

  active(): void {
    this.#lastActivityAt = Date.now();
    this.activeAtMs = performance.now();
  }

  /** A whole line is about to be typed. */
  lineEntered(): void {
    this.#prompt = promptAfterEnter(this.#prompt);
  }

  learn(doc: Partial<SessionDoc>): void {
    this.#record.learn({ doc });
  }

  info(): SessionInfo {
    const stored = storedInfo(this.row, HERE, this.#lastActivityAt);
    const { state, command } = this.#prompt;
    return {
      ...stored,
      command: state === 'running' && command !== '' ? command : stored.command,
      cols: this.#live?.size.cols ?? stored.cols,
      rows: this.#live?.size.rows ?? stored.rows,
      clients: this.#live?.attachments.size ?? 0,
    };
  }

  emit(type: Parameters<EventBus['emit']>[0], data?: Parameters<EventBus['emit']>[2]): void {
    this.#bus.emit(type, this, data);
  }

  /** Runs `use` on the screen: the live one, or the last one that was kept. Throws NO_SCREEN. */
  async withScreen<T>(use: (screen: Screen) => Promise<T>): Promise<T> {
    const live = this.#live;
    if (live !== undefined) {
      try {
        return await use(live.screen);
      } catch (thrown) {
        // A program that ends meanwhile takes its live screen along, when the last one is kept.
        const ended = thrown instanceof TermError && thrown.code === 'NO_SCREEN' && this.#live !== live;
        if (!ended) throw thrown;
      }
    }
    const checkpoint = await this.files.lastCheckpoint();
    if (checkpoint === null) throw new TermError('NO_SCREEN', `No screen of ${this.name} was kept.`);
    const { doc } = this.row;
    const screen = this.#screens.open(
      this.id,
      {
        cols: doc.cols,
        rows: doc.rows,
        sizeGeneration: 0,
        offset: 0,
        checkpoint,
        scrollbackLines: doc.scrollbackLines,
        historyDir: this.files.historyDir,
      },
      SILENT_SCREEN,
    );
    try {
      return await use(screen);
    } finally {
      screen.close();
    }
  }

  /** When the last screen of a program that was lost is kept: nothing is to take its place before. */
  get lossKept(): Promise<void> {
    return this.#losing;
  }

  capture(options: CaptureOptions): Promise<Capture> {
    return this.withScreen(screen => screen.capture(options));
  }

  /** What the live part tells becomes known, stored and announced. */
  listener(): LiveSessionListener {
    return {
      output: (offset, bytes) => {
        this.active();
        this.signals.emit('output', offset, bytes);
      },
      parsed: offset => this.signals.emit('parsed', offset),
      resized: size => this.#resized(size),
      title: title => this.#changed('title', { title }),
      cwd: cwd => this.#changed('cwd', { cwd }),
      bell: () => this.emit('bell'),
      notification: body => this.emit('notification', { body }),
      mark: (mark, replayed) => this.#marked(mark, replayed),
      exited: status => this.#exited(status),
      eof: () => this.#settle(),
      lost: error => {
        this.#losing = this.#lost(error).catch(thrown =>
          this.#dependencies.trouble('keeping what was lost', thrown),
        );
      },
      attachmentEnded: attachment => {
        this.#live?.detach(attachment);
        this.#settle();
      },
      joined: attachment => this.#joined(attachment),
      left: (attachment, isReplaced) => this.#left(attachment, isReplaced),
      primaryChanged: attachment => this.#primaryChanged(attachment),
      primaryRequested: attachment => this.emit('primaryRequested', clientData(attachment)),
      checkpointed: (checkpoint: Checkpoint) => this.files.keep(checkpoint.bytes),
      trouble: (what, error) => this.#dependencies.trouble(what, error),
    };
  }

  #resized(size: WindowSize): void {
    const { doc } = this.row;
    if (doc.cols === size.cols && doc.rows === size.rows) return;
    this.learn({ cols: size.cols, rows: size.rows });
    this.emit('resized', { cols: size.cols, rows: size.rows });
  }

  #joined(attachment: Attachment): void {
    this.#dependencies.presence.joined(this.id, attachment);
    this.emit('attached', clientData(attachment));
    this.#tellDevices();
  }

  #left(attachment: Attachment, isReplaced: boolean): void {
    this.#dependencies.presence.left(this.id, attachment);
    if (isReplaced) return;
    this.emit('detached', clientData(attachment));
    this.#tellDevices();
  }

  #tellDevices(): void {
    const { joined, left } = this.#devices.update(this.#live?.attachments ?? []);
    for (const { deviceId, deviceName } of joined) this.emit('deviceJoined', { deviceId, deviceName });
    for (const { deviceId, deviceName } of left) this.emit('deviceLeft', { deviceId, deviceName });
  }

  #primaryChanged(attachment: Attachment | undefined): void {
    this.#record.learn({ primarySocket: attachment?.id ?? null });
    if (attachment !== undefined) this.#dependencies.presence.primary(this.id, attachment);
    this.emit(
      'primaryChanged',
      attachment === undefined ? { client: null, deviceId: null, deviceName: null } : clientData(attachment),
    );
  }

  #changed(what: 'title' | 'cwd', value: { title: string } | { cwd: string }): void {
    const { doc } = this.row;
    if (Object.entries(value).every(([key, text]) => doc[key as 'title' | 'cwd'] === text)) return;
    this.learn(value);
    this.emit(what, value);
  }

  #marked(mark: ShellMark, replayed: boolean): void {
    this.#prompt = promptAfter(this.#prompt, mark);
    if (!replayed && mark.kind === 'commandStarted') this.emit('commandStarted', { command: mark.command });
    if (!replayed && mark.kind === 'commandFinished') {
      this.emit('commandFinished', { command: this.#prompt.command, exitCode: mark.exitCode });
    }
    this.signals.emit('mark', mark);
    this.signals.emit('prompt');
  }

  #exited(status: ExitStatus): void {
    if (this.row.state === 'running') {
      this.#record.learn({
        state: 'exited',
        doc: { exitCode: status.exitCode, signal: status.signal, endedAt: new Date().toISOString() },
      });
      this.emit('exited', { exitCode: status.exitCode, signal: status.signal });
    }
    this.signals.emit('ended');
    this.#settle();
  }

  /** When nothing more can come: the last screen goes to disk, and then the host may forget the PTY. */
  #settle(): void {
    const live = this.#live;
    if (live?.exit === undefined || !live.eof || live.attachments.size > 0) return;
    this.#dependencies.settled(this);
  }

  /** The pty-host is gone, and the program with it. */
  async #lost(error: TermError): Promise<void> {
    const live = this.#live;
    if (live === undefined) return;
    this.#dependencies.trouble('pty-host', error);
    for (const attachment of live.attachments) {
      attachment.notify('attachment.detached', { reason: 'lost', message: error.message });
    }
    if (this.row.state === 'running') {
      this.#record.learn({ state: 'lost', doc: { pid: null, endedAt: new Date().toISOString() } });
      this.emit('lost');
    }
    await live.checkpoint();
    await this.files.flush();
    if (this.#live !== live) return;
    this.leave();
    this.signals.emit('ended');
  }
}

/** Which client an event is about. */
function clientData({ id, deviceId, deviceName }: Attachment): {
  client: string;
  deviceId: string;
  deviceName: string;
} {
  return { client: id, deviceId, deviceName };
}
