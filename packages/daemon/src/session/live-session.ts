import { type HandOver, type SizePolicy, sameSize, type WindowSize } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { ClientInfo, ExitStatus } from '@triterm/core/protocol';
import type { Pty, PtySink } from '../pty/pty.ts';
import type {
  Checkpoint,
  Paint,
  Rendered,
  Screen,
  ScreenListener,
  Screens,
  ShellMark,
} from '../screen/screen.ts';
import {
  Attachment,
  type AttachmentHost,
  type AttachmentOptions,
  type AttachmentPort,
} from './attachment.ts';
import { Checkpointer } from './checkpointer.ts';
import { Flow } from './flow.ts';
import { FollowedScreen } from './followed-screen.ts';
import { HandOverDesk } from './hand-over-desk.ts';
import { onNewScreen } from './new-screen.ts';
import { OutputStream } from './output-stream.ts';
import { ptyIdentity } from './pty-id.ts';
import { ReplayGate } from './replay-gate.ts';
import { Resizer } from './resizer.ts';
import { SizeDesk } from './size-desk.ts';
import { StallWatch } from './stall-watch.ts';

/** What a live session tells its owner. Called in the stream's order. */
export interface LiveSessionListener {
  output(offset: number, bytes: Uint8Array): void;
  resized(size: WindowSize): void;
  title(title: string): void;
  cwd(cwd: string): void;
  bell(): void;
  notification(body: string): void;
  mark(mark: ShellMark, replayed: boolean): void;
  parsed(offset: number): void;
  exited(status: ExitStatus): void;
  /** Nobody holds the tty any more: no output follows. */
  eof(): void;
  lost(error: TermError): void;
  attachmentEnded(attachment: Attachment): void;
  /** It is attached. */
  joined(attachment: Attachment): void;
  /** It is not any more. `isReplaced`: its client attaches anew. */
  left(attachment: Attachment, isReplaced: boolean): void;
  /** Another client is the primary one; undefined when there is none. */
  primaryChanged(attachment: Attachment | undefined): void;
  /** It asks to be the primary one. */
  primaryRequested(attachment: Attachment): void;
  /** A checkpoint for the disk was made. */
  checkpointed(checkpoint: Checkpoint): void;
  trouble(what: string, error: unknown): void;
}

export interface LiveSessionOptions {
  readonly pty: Pty;
  readonly screens: Screens;
  readonly sizePolicy: SizePolicy;
  readonly scrollbackLines: number;
  /** Packed, at most. */
  readonly scrollbackBytes: number;
  readonly historyDir: string | null;
  /** What makes a client the primary one. */
  readonly handOver: HandOver;
  /** State before the PTY's first byte: the old scrollback of a session that was recreated. */
  readonly initial?: Uint8Array;
}

/** A client that resumes may be this far behind without holding the program; beyond it, it is painted. */
const RESUME_BYTES = 1024 * 1024;
/** How long clients of a daemon that is gone may take to come back. Their host keeps what they have not seen for as long. */
const RETURN_MS = 30_000;

/** Where a client was, and whether it must be painted all the same. */
interface ResumePoint {
  readonly offset: number;
  readonly sizeGeneration: number;
  readonly repaint: boolean;
  /** The PTY that it was in; undefined for a client of an earlier release, which can't tell. */
  readonly pty?: string | undefined;
}

/** A session whose PTY runs: its stream, its screen, its size and its clients. */
export class LiveSession implements AttachmentHost {
  readonly #pty: Pty;
  /** Which PTY it is, as clients are told. */
  readonly identity: string;
  readonly #options: LiveSessionOptions;
  readonly #listener: LiveSessionListener;
  readonly #stream: OutputStream;
  readonly #resizer: Resizer;
  readonly #flow: Flow;
  readonly #attachments = new Set<Attachment>();
  /** Who is the primary client, who asks to be, and by which rule. */
  readonly handOver: HandOverDesk;
  readonly #sizes: SizeDesk<Attachment>;
  readonly #screen: FollowedScreen;
  readonly #checkpoints: Checkpointer;
  /** Bytes before this offset were told to the listener. */
  #toldHead: number;
  readonly #replay: ReplayGate;
  readonly #stalls: StallWatch;
  #exit: { readonly status: ExitStatus; readonly offset: number } | undefined;
  /** Monotonic. */
  #returnsUntilMs: number;
  #eof = false;
  #closed = false;
  /** Monotonic time of the last output. */
  outputAtMs = performance.now();

  constructor(options: LiveSessionOptions, listener: LiveSessionListener) {
    const { pty } = options;
    this.#pty = pty;
    this.identity = ptyIdentity(pty);
    this.#options = options;
    this.#listener = listener;
    this.handOver = new HandOverDesk(options.handOver, this.#attachments, {
      changed: attachment => {
        listener.primaryChanged(attachment);
        this.flowChanged();
      },
      requested: attachment => listener.primaryRequested(attachment),
    });
    this.#replay = new ReplayGate(pty.info.logEnd);
    this.#screen = new FollowedScreen({ ...options, listener: this.#screenListener() });
    this.#toldHead = pty.info.logStart;
    this.#returnsUntilMs = pty.info.floor === null ? 0 : performance.now() + RETURN_MS;
    this.#checkpoints = new Checkpointer({
      offset: pty.info.checkpointOffset ?? 0,
      make: async () => this.screen.checkpoint(),
      deliver: checkpoint => {
        pty.checkpoint(checkpoint.offset, checkpoint.sizeGeneration, checkpoint.bytes);
        listener.checkpointed(checkpoint);
      },
      trouble: (what, error) => listener.trouble(what, error),
    });
    this.#resizer = new Resizer(pty);
    this.#sizes = new SizeDesk(options.sizePolicy, this.#attachments, this.#resizer);
    this.#flow = new Flow(pty, () => this.#attachments);
    this.#stalls = new StallWatch(this.#attachments, () => this.#flow.paceReached(this.head));
    this.#stream = new OutputStream(pty, pty.info.logStart, this.#sink(), () => this.#mayFlow());
  }

  /** Follows the PTY from its checkpoint, or from its first byte. */
  async start(): Promise<void> {
    if (this.#pty.info.checkpointOffset === null)
      this.#screen.open(this.#options.initial ?? null, this.#pty.info.logStart);
    await this.#stream.start({
      offset: this.#pty.info.logStart,
      fromCheckpoint: this.#pty.info.checkpointOffset !== null,
      sizeGeneration: 0,
    });
  }

  get pty(): Pty {
    return this.#pty;
  }

  get size(): WindowSize {
    return this.#resizer.size;
  }

  get sizeGeneration(): number {
    return this.#resizer.generation;
  }

  /** Offset of the next byte that the program writes, as far as known. */
  get head(): number {
    return Math.max(this.#stream.head, this.#screen.head);
  }

  get attachments(): ReadonlySet<Attachment> {
    return this.#attachments;
  }

  /** The controller that typed or attached last. */
  get latestController(): Attachment | undefined {
    return this.#sizes.latestController;
  }

  get exit(): ExitStatus | undefined {
    return this.#exit?.status;
  }

  get eof(): boolean {
    return this.#eof;
  }

  /** An earlier daemon had clients that have yet to see everything, and may still come back for it. */
  get awaitsReturn(): boolean {
    return performance.now() < this.#returnsUntilMs;
  }

  /** Whoever comes back finds an ended session: it does not wait for them. */
  awaitNobody(): void {
    this.#returnsUntilMs = 0;
  }

  /** Throws NO_SCREEN while the model could not be made. */
  get screen(): Screen {
    return this.#screen.model;
  }

  /** Until everything has come that an earlier daemon's clients may have seen, so that they can go on from there. */
  untilReplayed(): Promise<void> {
    return this.#replay.passed(this.#stream.head);
  }

  /**
   * Adds a client, at once. It is sent everything from `from` on when that is possible (then true), else the screen. `missedSince`: where
   * it was in this PTY's output. `before`: the one that it replaces.
   */
  async attach(
    options: AttachmentOptions,
    port: AttachmentPort,
    from: ResumePoint | undefined,
    { take, before }: { readonly take: boolean; readonly before?: Attachment | undefined },
  ): Promise<{ attachment: Attachment; resumed: boolean; offset: number; missedSince: number | undefined }> {
    const attachment = new Attachment(options, port, this);
    this.#attachments.add(attachment);
    this.#listener.joined(attachment);
    this.handOver.joined(attachment, { take, isReturning: from !== undefined, before });
    // Where it was in another PTY's output says nothing about this one's.
    const resume = from?.pty === undefined || from.pty === this.identity ? from : undefined;
    try {
      const resumed = resume !== undefined && (await this.#resume(attachment, resume));
      const offset = resumed && resume !== undefined ? resume.offset : this.head;
      return { attachment, resumed, offset, missedSince: resume?.offset };
    } catch (thrown) {
      this.detach(attachment);
      throw thrown;
    }
  }

  /**
   * Begins to send. A client that only reconnects (`returning`) does not change the size: the others come back one by one, and
   * whose window counted is known again when somebody types. Of what came before `missedSince` it has the lines.
   */
  begin(attachment: Attachment, how: { returning: boolean; missedSince: number | undefined }): void {
    void this.#begin(attachment, how).catch(error => this.#listener.trouble('painting a client', error));
  }

  /** The client attaches anew: nothing is decided without it. */
  replace(attachment: Attachment): void {
    this.#attachments.delete(attachment);
    this.#listener.left(attachment, true);
    attachment.close();
    this.#screen.dropView(attachment.token);
  }

  detach(attachment: Attachment): void {
    if (!this.#attachments.delete(attachment)) return;
    this.#listener.left(attachment, false);
    attachment.close();
    this.#screen.dropView(attachment.token);
    this.handOver.left(attachment, this.latestController);
    if (attachment.role === 'controller') this.#sizes.decide();
    this.flowChanged();
  }

  /** A client typed. */
  typed(attachment: Attachment, nowMs: number): void {
    this.handOver.typed(attachment);
    this.#sizes.typed(attachment, nowMs);
  }

  windowChanged(attachment: Attachment, window: WindowSize): void {
    attachment.window = window;
    if (attachment.role === 'controller') this.#sizes.decide();
    void this.#showAtItsSize(attachment).catch(error => this.#listener.trouble('painting a client', error));
  }

  /** Makes it the primary client and gives the session its size. */
  take(attachment: Attachment, nowMs: number): void {
    attachment.activeAtMs = nowMs;
    this.handOver.make(attachment);
    this.#sizes.take(attachment);
  }

  setPolicy(policy: SizePolicy): void {
    this.#sizes.policy = policy;
  }

  setHandOver(handOver: HandOver): void {
    this.handOver.policy = handOver;
  }

  clientInfos(nowMs: number): ClientInfo[] {
    const { askers } = this.handOver;
    return [...this.#attachments].map(attachment => attachment.info(nowMs, askers.includes(attachment)));
  }

  /** Resolves when the program and the screen have the size. Throws TIMEOUT. */
  async resize(size: WindowSize): Promise<void> {
    this.#resizer.want(size);
    await this.#resizer.settled();
  }

  setColours(colours: { foreground?: string; background?: string; cursor?: string }): void {
    this.#screen.setColours(colours);
  }

  async paint(attachment: Attachment, missedSince: number | undefined): Promise<Paint> {
    const lines = attachment.historyLines;
    const paint = await this.screen.paint({
      historyLines: lines,
      ...(missedSince === undefined ? {} : { missedSince }),
    });
    return { ...paint, bytes: onNewScreen(paint.bytes) };
  }

  render(attachment: Attachment, reset: boolean): Promise<Rendered> {
    return this.screen.render(attachment.token, attachment.window, reset);
  }

  flowChanged(): void {
    if (this.#closed) return;
    this.#flow.changed();
    this.#stream.grant();
    this.#stalls.watch();
  }

  ended(attachment: Attachment): void {
    this.#listener.attachmentEnded(attachment);
  }

  /** Makes a checkpoint of everything so far, gives it to the host and to the listener. Undefined when it failed. */
  checkpoint(): Promise<Checkpoint | undefined> {
    return this.#checkpoints.make();
  }

  /** The session is removed: who has not seen all of it yet is told that it has ended, or is detached. */
  dismissAll(): void {
    for (const attachment of this.#attachments) {
      const status = this.#exit?.status;
      if (status === undefined)
        attachment.notify('attachment.detached', { reason: 'lost', message: 'The session was removed.' });
      else attachment.notify('session.exited', { exitCode: status.exitCode, signal: status.signal });
    }
  }

  /** Lets go of the screen and the clients; the PTY goes on in its host. */
  close(): void {
    this.#closed = true;
    this.#checkpoints.close();
    this.#stalls.close();
    this.#replay.open();
    this.handOver.close();
    const attachments = [...this.#attachments];
    this.#attachments.clear();
    for (const attachment of attachments) {
      this.#listener.left(attachment, false);
      attachment.close();
    }
    this.#screen.close();
  }

  async #resume(attachment: Attachment, from: ResumePoint): Promise<boolean> {
    if (from.repaint) return false;
    const sameScreen = from.sizeGeneration === this.sizeGeneration && sameSize(attachment.window, this.size);
    if (!attachment.lossless && !sameScreen) return false;
    if (from.offset > Math.max(this.head, this.#replay.throughOffset)) return false;
    const rewinds = from.offset < this.#stream.head;
    const paces = attachment.lossless || attachment.primary;
    if (rewinds && !paces && this.head - from.offset > RESUME_BYTES) return false;
    // Before the stream is asked for: its first bytes may be here before the answer.
    attachment.resumeAt(from.offset);
    if (!rewinds) return true;
    try {
      const { offset, sizeGeneration } = from;
      await this.#stream.start({ offset, sizeGeneration, fromCheckpoint: false });
      return true;
    } catch (error) {
      attachment.cannotResume();
      if (TermError.from(error).code === 'TOO_LARGE') return false;
      throw error;
    }
  }

  async #begin(
    attachment: Attachment,
    { returning, missedSince }: { returning: boolean; missedSince: number | undefined },
  ): Promise<void> {
    if (!returning && attachment.role === 'controller') this.#sizes.decide();
    await this.#resizer.settled().catch(() => {});
    if (attachment.state === 'waiting') await attachment.show(this.size, missedSince);
    this.flowChanged();
    if (this.#exit !== undefined) attachment.exited(this.#exit.status, this.#exit.offset);
  }

  async #showAtItsSize(attachment: Attachment): Promise<void> {
    await this.#resizer.settled().catch(() => {});
    const fits = sameSize(attachment.window, this.size);
    const rendered = attachment.state === 'rendered';
    if (!attachment.lossless && (rendered || !fits)) await attachment.show(this.size);
  }

  #mayFlow(): boolean {
    if (this.#screen.full) return false;
    for (const attachment of this.#attachments) if (attachment.holdsStream) return false;
    return true;
  }

  #sink(): PtySink {
    return {
      checkpoint: (offset, bytes) => {
        if (!this.#screen.isOpen) this.#screen.open(bytes, offset);
      },
      output: (offset, bytes) => this.#output(offset, bytes),
      resized: (offset, size, generation) => this.#resized(offset, size, generation),
      gap: (from, to) => this.#gap(from, to),
      exited: (offset, status) => this.#exited(offset, status),
      eof: () => {
        this.#eof = true;
        this.#listener.eof();
      },
      lost: error => this.#listener.lost(error),
    };
  }

  #output(offset: number, bytes: Buffer): void {
    if (this.#closed) return;
    const nowMs = performance.now();
    const end = offset + bytes.length;
    for (const attachment of this.#attachments) {
      if (attachment.state !== 'rendered') attachment.push(offset, bytes, nowMs);
    }
    if (!this.#screen.write(offset, bytes)) return;
    // A frame that is asked for before the model has the bytes would not show them.
    for (const attachment of this.#attachments) {
      if (attachment.state === 'rendered') attachment.push(offset, bytes, nowMs);
    }
    this.#tell(offset, bytes, nowMs);
    this.#checkpoints.changed(end);
    this.#replay.reached(end);
    if (this.#attachments.size > 0) this.#stalls.watch();
  }

  /** After another model took over from a checkpoint, the stream brings again what was told already. */
  #tell(offset: number, bytes: Buffer, nowMs: number): void {
    const end = offset + bytes.length;
    if (end <= this.#toldHead) return;
    const start = Math.max(offset, this.#toldHead);
    this.#toldHead = end;
    if (end > this.#replay.throughOffset) this.outputAtMs = nowMs;
    this.#listener.output(start, bytes.subarray(start - offset));
  }

  /** The screen follows every record in the stream; whoever is attached, those that are not of an earlier time. */
  #resized(offset: number, size: WindowSize, generation: number): void {
    if (this.#screen.resize(offset, size, generation)) this.#checkpoints.changed(offset);
    if (!this.#resizer.came(size, generation)) return;
    for (const attachment of this.#attachments) {
      attachment.notify('session.resized', { ...size, sizeGeneration: generation, offset });
      if (attachment.lossless || attachment.state === 'waiting') continue;
      void attachment.show(size).catch(error => this.#listener.trouble('painting a client', error));
    }
    this.#listener.resized(size);
    this.#resizer.release();
  }

  #gap(from: number, to: number): void {
    if (!this.#screen.gap(from, to)) return;
    for (const attachment of this.#attachments) {
      void attachment.show(this.size).catch(error => this.#listener.trouble('painting a client', error));
    }
  }

  #exited(offset: number, status: ExitStatus): void {
    if (this.#exit !== undefined) return;
    this.#exit = { status, offset };
    this.#listener.exited(status);
    for (const attachment of [...this.#attachments]) attachment.exited(status, offset);
  }

  #screenListener(): ScreenListener {
    const fresh = (offset: number) => offset > this.#replay.throughOffset;
    return {
      answer: (queryEnd, data) => this.#pty.answer(queryEnd, data),
      title: title => this.#listener.title(title),
      cwd: cwd => this.#listener.cwd(cwd),
      bell: offset => fresh(offset) && this.#listener.bell(),
      notification: (body, offset) => fresh(offset) && this.#listener.notification(body),
      mark: mark => this.#listener.mark(mark, !fresh(mark.offset)),
      parsed: offset => {
        this.#stream.grant();
        this.#listener.parsed(offset);
      },
      failed: error => this.#recover(error),
      trouble: message => this.#listener.trouble('screen model', message),
    };
  }

  /** The model is gone: makes another from the host's checkpoint and the log after it, and paints who waits for the old. */
  #recover(error: Error): void {
    if (this.#closed) return;
    this.#listener.trouble('screen model', error);
    this.#screen.lost();
    const fromCheckpoint = this.#checkpoints.offset > 0;
    if (!fromCheckpoint) this.#screen.open(this.#options.initial ?? null, 0);
    this.#stream
      .start({ offset: 0, fromCheckpoint, sizeGeneration: 0 })
      .then(() => this.#repaint())
      .catch(cause => this.#listener.trouble('following the log again', cause));
  }

  async #repaint(): Promise<void> {
    const waiting = [...this.#attachments].filter(
      ({ state }) => state === 'painting' || state === 'rendered',
    );
    await Promise.all(waiting.map(attachment => attachment.show(this.size)));
  }
}
