import { type Principal, type Role, sameSize, type WindowSize } from '@triterm/core/domain';
import type {
  ClientInfo,
  DaemonNotification,
  DaemonNotificationParams,
  ExitStatus,
} from '@triterm/core/protocol';
import { isStopped } from '../host-facts.ts';
import type { Paint, Rendered } from '../screen/screen.ts';
import { clientId } from './client-id.ts';
import { paceWindowBytes, RateMeter } from './pacing.ts';

/** Where an attachment's frames go. */
export interface AttachmentPort {
  output(offset: number, bytes: Uint8Array): void;
  snapshot(offset: number, bytes: Uint8Array): void;
  inputApplied(inputOffset: number): void;
  notify<N extends DaemonNotification>(method: N, params: DaemonNotificationParams<N>): void;
}

/** What an attachment asks of its session. */
export interface AttachmentHost {
  /** A paint at the present head of the stream, and from there on what follows. */
  paint(attachment: Attachment, missedSince: number | undefined): Promise<Paint>;
  render(attachment: Attachment, reset: boolean): Promise<Rendered>;
  /** Its flow changed: floor, pace and credit are to be decided anew. */
  flowChanged(): void;
  /** It has got everything up to the end of an ended session. */
  ended(attachment: Attachment): void;
}

export interface AttachmentOptions {
  readonly token: string;
  readonly role: Role;
  readonly window: WindowSize;
  readonly lossless: boolean;
  readonly historyLines: number;
  /** What its person holds, stable over connections; the same for all its clients. */
  readonly deviceId: string;
  readonly deviceName: string;
  /** On whose behalf. */
  readonly principal: Principal;
  readonly pid: number | null;
  readonly nowMs: number;
}

/**
 * - `waiting`: attached; nothing was sent yet.
 * - `resuming`: goes on where its client stopped, as soon as the stream, which begins again there, has come.
 * - `painting`: a paint is being made; what follows it is kept.
 * - `live`: gets the program's bytes.
 * - `behind`: lost its queue; is repainted when it has taken what was sent.
 * - `rendered`: its window is another than the session's; gets frames made from the model, one at a time.
 */
export type AttachmentState = 'waiting' | 'resuming' | 'painting' | 'live' | 'behind' | 'rendered' | 'closed';

/** Bytes sent and not acknowledged, beyond which output waits in the queue. */
const IN_FLIGHT_BYTES = 512 * 1024;
/** Queue of a client that does not pace; beyond it, it is left behind. */
const QUEUE_BYTES = 1024 * 1024;
/** Queue of a pacing client at which the session's stream waits for it. */
const PACING_QUEUE_BYTES = 256 * 1024;
/** A pacing client that holds the program and takes nothing for this long is left behind when its process is stopped … */
const STOPPED_MS = 200;
/** … and otherwise after this long: a busy machine may keep one that reads from its turn. */
const STALLED_MS = 2000;

/** A client's view of one session: decides what it is sent and when, within bounds. Does no I/O of its own. */
export class Attachment {
  readonly token: string;
  /** Short name, for people and other clients. */
  readonly id: string;
  readonly role: Role;
  readonly lossless: boolean;
  readonly historyLines: number;
  readonly attachedAt = new Date().toISOString();
  readonly deviceId: string;
  readonly deviceName: string;
  readonly principal: Principal;
  readonly #pid: number | null;
  readonly #port: AttachmentPort;
  readonly #host: AttachmentHost;
  readonly #rate = new RateMeter();
  window: WindowSize;
  /** Monotonic time of the last input or attach. */
  activeAtMs: number;
  /** Monotonic time at which its client was last heard. */
  heardAtMs: number;
  /** Whether it is the primary client, as the session decides. */
  primary = false;
  #state: AttachmentState = 'waiting';
  /** Counts paints asked for: an answer to an earlier one is dropped. */
  #paintRequest = 0;
  /** Bytes before this offset were handed to the port. */
  #sent = 0;
  #acked = 0;
  #snapshotsSent = 0;
  #snapshotsAcked = 0;
  #queue: { offset: number; bytes: Uint8Array }[] = [];
  #queueBytes = 0;
  /** Output was dropped since the last paint was asked for: that paint is not the present any more. */
  #overflowed = false;
  #progressAtMs: number;
  #frameWanted = false;
  #frameUnderWay = false;
  #resetFrame = true;
  #exit: { readonly status: ExitStatus; readonly offset: number } | undefined;

  constructor(options: AttachmentOptions, port: AttachmentPort, host: AttachmentHost) {
    this.token = options.token;
    this.id = clientId(options.token);
    this.role = options.role;
    this.window = options.window;
    this.lossless = options.lossless;
    this.historyLines = options.historyLines;
    this.deviceId = options.deviceId;
    this.deviceName = options.deviceName;
    this.principal = options.principal;
    this.#pid = options.pid;
    this.activeAtMs = options.nowMs;
    this.heardAtMs = options.nowMs;
    this.#progressAtMs = options.nowMs;
    this.#port = port;
    this.#host = host;
  }

  get userId(): string {
    return this.principal.userId;
  }

  /** The server that its client is connected to; undefined: this one. */
  get via(): string | undefined {
    return this.principal.relayedBy;
  }

  get state(): AttachmentState {
    return this.#state;
  }

  /** Whether the program waits for it. */
  get paces(): boolean {
    if (this.#state === 'closed' || this.#state === 'waiting') return false;
    return this.lossless || (this.primary && (this.#state === 'live' || this.#state === 'painting'));
  }

  /** The stream must not go on before this one has taken some of its queue. */
  get holdsStream(): boolean {
    return this.paces && this.#queueBytes > PACING_QUEUE_BYTES;
  }

  /** Offset before which it needs nothing any more; undefined when it follows no bytes. */
  get floor(): number | undefined {
    if (this.#state === 'live' || this.#state === 'resuming') return this.#acked;
    return this.#state === 'painting' && this.lossless ? this.#acked : undefined;
  }

  /** How far the program may write, when this one paces it. */
  get paceThrough(): number | undefined {
    if (!this.paces || this.#state !== 'live') return undefined;
    return this.#acked + paceWindowBytes(this.#rate.bytesPerSecond);
  }

  /** Continues where the client stopped: bytes from `offset` on come through `push`, others before them do not count. */
  resumeAt(offset: number): void {
    this.#state = 'resuming';
    this.#overflowed = false;
    this.#sent = offset;
    this.#acked = offset;
  }

  /** The stream could not begin again there: it is to be painted. */
  cannotResume(): void {
    if (this.#state === 'resuming') this.#state = 'waiting';
  }

  /** Sends the screen, in the way that fits: bytes when its window is the session's size, else frames. */
  async show(sessionSize: WindowSize, missedSince?: number): Promise<void> {
    if (this.#state === 'closed') return;
    if (!this.lossless && !sameSize(this.window, sessionSize)) {
      this.#paintRequest += 1;
      this.#dropQueue();
      this.#state = 'rendered';
      this.#resetFrame = true;
      this.#host.flowChanged();
      this.wantFrame();
      return;
    }
    this.#dropQueue();
    this.#overflowed = false;
    this.#state = 'painting';
    this.#paintRequest += 1;
    const request = this.#paintRequest;
    const paint = await this.#host.paint(this, missedSince);
    if (request !== this.#paintRequest || this.#state !== 'painting') return;
    this.#sent = paint.offset;
    this.#acked = paint.offset;
    this.#sendSnapshot(paint.offset, paint.bytes);
    this.#state = this.#overflowed ? 'behind' : 'live';
    this.#pump(performance.now());
    this.#host.flowChanged();
  }

  /** The next bytes of the session's stream; what it has already is skipped. */
  push(offset: number, bytes: Uint8Array, nowMs: number): void {
    if (this.#state === 'rendered') {
      this.wantFrame();
      return;
    }
    if (this.#state === 'resuming' && offset <= this.#sent) this.#state = 'live';
    if ((this.#state !== 'live' && this.#state !== 'painting') || this.#overflowed) return;
    const next = this.#queueEnd(offset);
    const skipped = next - offset;
    if (skipped >= bytes.length) return;
    if (skipped < 0) {
      this.#leaveBehind();
      return;
    }
    const rest = skipped > 0 ? bytes.subarray(skipped) : bytes;
    if (this.#state === 'live' && this.#queue.length === 0 && this.#inFlightBytes < IN_FLIGHT_BYTES) {
      this.#send(offset + skipped, rest, nowMs);
      return;
    }
    this.#queue.push({ offset: offset + skipped, bytes: rest });
    this.#queueBytes += rest.length;
    if (this.#queueBytes > QUEUE_BYTES && !this.paces) this.#leaveBehind();
  }

  /** The client took bytes. */
  acknowledged(offset: number, snapshots: number, nowMs: number): void {
    if (this.#state === 'closed') return;
    this.#progressAtMs = nowMs;
    this.#snapshotsAcked = Math.min(Math.max(this.#snapshotsAcked, snapshots), this.#snapshotsSent);
    if (this.#snapshotsAcked < this.#snapshotsSent) return;
    if (this.#state === 'rendered') {
      this.#nextFrame();
      return;
    }
    const taken = Math.min(offset, this.#sent) - this.#acked;
    if (taken > 0) {
      this.#acked += taken;
      this.#rate.taken(taken, nowMs, this.#acked === this.#sent && this.#queue.length === 0);
    }
    if (this.#state === 'behind') {
      if (!this.#drained) return;
      this.#repaint();
      return;
    }
    this.#pump(nowMs);
    this.#host.flowChanged();
  }

  /**
   * Whether it holds the program and takes nothing. `streamWaits`: the stream stands still because of this client, or the
   * program has reached its pace.
   */
  stalled(nowMs: number, streamWaits: boolean): boolean {
    if (this.lossless || !this.paces || this.#state !== 'live' || this.#drained) return false;
    if (!streamWaits && !this.holdsStream) return false;
    const stalledMs = nowMs - this.#progressAtMs;
    return stalledMs > STALLED_MS || (stalledMs > STOPPED_MS && isStopped(this.#pid));
  }

  /** Whether it could become a stalled one without anything else happening. */
  get mayStall(): boolean {
    return this.#state === 'live' && !this.lossless && this.primary && !this.#drained;
  }

  /** A stalled client: it no longer paces, and is repainted when it goes on. */
  leaveBehind(): void {
    this.#leaveBehind();
  }

  /** Something changed on the screen of a client that is sent frames. */
  wantFrame(): void {
    this.#frameWanted = true;
    if (!this.#frameUnderWay && this.#snapshotsAcked === this.#snapshotsSent) this.#nextFrame();
  }

  /** The program has ended where the stream stood at `offset`; it is told after everything before. */
  exited(status: ExitStatus, offset: number): void {
    this.#exit = { status, offset };
    if (this.#state === 'resuming' && this.#sent >= offset) this.#state = 'live';
    this.#pump(performance.now());
    if (this.#state === 'rendered') this.wantFrame();
  }

  notify<N extends DaemonNotification>(method: N, params: DaemonNotificationParams<N>): void {
    if (this.#state !== 'closed') this.#port.notify(method, params);
  }

  inputApplied(inputOffset: number): void {
    if (this.#state !== 'closed') this.#port.inputApplied(inputOffset);
  }

  close(): void {
    this.#state = 'closed';
    this.#dropQueue();
  }

  /** `asking`: it has asked to be the primary one. */
  info(nowMs: number, asking: boolean): ClientInfo {
    return {
      id: this.id,
      role: this.role,
      primary: this.primary,
      asking,
      cols: this.window.cols,
      rows: this.window.rows,
      deviceId: this.deviceId,
      deviceName: this.deviceName,
      pid: this.#pid,
      attachedAt: this.attachedAt,
      idleMs: Math.round(nowMs - this.activeAtMs),
      view: this.#state === 'rendered' ? 'rendered' : this.#state === 'behind' ? 'behind' : 'bytes',
      lossless: this.lossless,
    };
  }

  get #inFlightBytes(): number {
    return this.#sent - this.#acked;
  }

  get #drained(): boolean {
    return this.#acked === this.#sent && this.#snapshotsAcked === this.#snapshotsSent;
  }

  /** Where the bytes that it has, sent or queued, end. A painting one has everything before its first queued byte. */
  #queueEnd(offset: number): number {
    const last = this.#queue.at(-1);
    if (last !== undefined) return last.offset + last.bytes.length;
    return this.#state === 'painting' ? offset : this.#sent;
  }

  #send(offset: number, bytes: Uint8Array, nowMs: number): void {
    if (this.#drained) this.#progressAtMs = nowMs;
    this.#rate.start(nowMs);
    this.#sent = offset + bytes.length;
    this.#port.output(offset, bytes);
  }

  #sendSnapshot(offset: number, bytes: Uint8Array): void {
    if (this.#drained) this.#progressAtMs = performance.now();
    this.#snapshotsSent += 1;
    this.#port.snapshot(offset, bytes);
  }

  #pump(nowMs: number): void {
    if (this.#state !== 'live') return;
    let sentChunks = 0;
    for (const chunk of this.#queue) {
      if (this.#inFlightBytes >= IN_FLIGHT_BYTES) break;
      sentChunks += 1;
      this.#queueBytes -= chunk.bytes.length;
      const skipped = Math.max(0, this.#sent - chunk.offset);
      if (skipped < chunk.bytes.length)
        this.#send(chunk.offset + skipped, chunk.bytes.subarray(skipped), nowMs);
    }
    if (sentChunks > 0) this.#queue.splice(0, sentChunks);
    if (this.#exit !== undefined && this.#queue.length === 0 && this.#sent >= this.#exit.offset)
      this.#end(this.#exit.status);
  }

  #leaveBehind(): void {
    this.#dropQueue();
    this.#overflowed = true;
    if (this.#state === 'painting') return;
    this.#state = 'behind';
    this.#host.flowChanged();
    if (this.#drained) this.#repaint();
  }

  #repaint(): void {
    const missedSince = this.#sent;
    void this.show(this.window, missedSince).catch(() => {});
  }

  #nextFrame(): void {
    if (this.#state !== 'rendered' || this.#frameUnderWay) return;
    if (!this.#frameWanted) {
      if (this.#exit !== undefined) this.#end(this.#exit.status);
      return;
    }
    this.#frameWanted = false;
    this.#frameUnderWay = true;
    const reset = this.#resetFrame;
    this.#resetFrame = false;
    void this.#host.render(this, reset).then(
      frame => this.#sendFrame(frame),
      () => {
        this.#frameUnderWay = false;
      },
    );
  }

  #sendFrame(frame: Rendered): void {
    this.#frameUnderWay = false;
    if (this.#state !== 'rendered') return;
    if (frame.bytes.length > 0) {
      this.#sent = frame.offset;
      this.#acked = frame.offset;
      this.#sendSnapshot(frame.offset, frame.bytes);
    } else {
      this.#nextFrame();
    }
  }

  #dropQueue(): void {
    this.#queue = [];
    this.#queueBytes = 0;
  }

  #end(status: ExitStatus): void {
    this.#port.notify('session.exited', { exitCode: status.exitCode, signal: status.signal });
    this.#host.ended(this);
  }
}
