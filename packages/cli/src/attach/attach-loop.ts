import type { SessionInfo } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import { decodeAck, decodeData, type Frame, FrameKind } from '@triterm/core/protocol';
import { AttachmentLink, type AttachmentLinkOptions, type AttachReply } from './attachment-link.ts';
import type { ClientTerminal } from './client-terminal.ts';
import { COLOUR_QUERY, type ColourProbe } from './colour-probe.ts';
import { DetachKeys, type InputEvent } from './detach-keys.ts';
import { InputBuffer } from './input-buffer.ts';
import type { WatchedKey } from './key-forms.ts';
import { Notices } from './notices.ts';
import { OutputPosition } from './output-position.ts';

export interface AttachLoopOptions extends Omit<AttachmentLinkOptions, 'window' | 'colours' | 'resume'> {
  readonly keys: { readonly detach: WatchedKey; readonly switch?: WatchedKey };
  /** How the detach key is called. */
  readonly detachKeyName: string;
  /** Undefined for a terminal that is not to be asked. */
  readonly probe: ColourProbe | undefined;
  /** Lets the person choose a session, on a terminal that is as it was before; undefined for none. */
  pick(from: AttachmentLink): Promise<string | undefined>;
}

/** Why an attachment is over. */
export type AttachEnd =
  /** `undelivered`: bytes that were typed and that the daemon never got. */
  | { readonly kind: 'detached'; readonly by: 'key' | 'request' | 'others'; readonly undelivered: number }
  | { readonly kind: 'exited'; readonly exitCode: number | null; readonly signal: string | null }
  /** To another session. */
  | { readonly kind: 'switch'; readonly to: string }
  | { readonly kind: 'terminalGone' }
  | { readonly kind: 'signalled'; readonly signal: NodeJS.Signals };

/** A lost connection is not worth a word if it comes back in this time. */
const QUIET_MS = 3000;
/** How long the answers to our own queries are waited for: they would be typed into the shell. */
const ANSWERS_MS = 150;

/** One person's view of one session: shows its output, and sends what is typed exactly once. */
export class AttachLoop {
  readonly #options: AttachLoopOptions;
  readonly #terminal: ClientTerminal;
  readonly #link: AttachmentLink;
  readonly #input = new InputBuffer();
  readonly #position: OutputPosition;
  readonly #keys: DetachKeys;
  readonly #notices: Notices;
  readonly #end = Promise.withResolvers<AttachEnd>();
  #isOver = false;
  /** Counts attachments: what was written for an earlier one is not acknowledged to a later one. */
  #attachment = 0;
  /** The terminal is somebody else's. */
  #isSuspended = false;
  #picking: Promise<void> | undefined;
  #keyTimer: NodeJS.Timeout | undefined;
  #hasToldReadOnly = false;
  #isAckDue = false;
  /** What the terminal has taken, and so may be acknowledged. */
  #takenOffset = 0;
  #takenSnapshots = 0;
  /** A notice for the next time that the screen is whole. */
  #toSay: string | undefined;

  constructor(terminal: ClientTerminal, options: AttachLoopOptions) {
    this.#terminal = terminal;
    this.#options = options;
    this.#position = new OutputPosition(options.attach.lossless ?? false);
    this.#keys = new DetachKeys(options.keys);
    const { detachKeyName } = options;
    const isLossless = options.attach.lossless === true;
    this.#notices = new Notices({
      // A lossless stream is never disturbed.
      isShown: () =>
        !isLossless &&
        !this.#isSuspended &&
        !this.#isOver &&
        terminal.isPainted &&
        terminal.isBetweenSequences,
      write: text => terminal.showStatus(`${text} (${detachKeyName} detaches)`),
      repair: () => this.#link.repair(),
    });
    this.#link = new AttachmentLink(
      {
        ...options,
        window: () => terminal.size,
        colours: () => options.probe?.colours ?? {},
        resume: () => this.#position.resume,
      },
      {
        opened: (reply, isDrawn) => this.#opened(reply, isDrawn),
        data: frame => this.#data(frame),
        resized: ({ sizeGeneration }) => this.#position.resized(sizeGeneration),
        role: ({ primary }) => {
          if (primary) this.#probe();
        },
        exited: ({ exitCode, signal }) => this.finish({ kind: 'exited', exitCode, signal }),
        detached: ({ reason, message }) => this.#dismissed(reason, message),
        lost: () => this.#notices.say('tritermd is gone; coming back', QUIET_MS),
        trouble: error => this.#notices.say(error.message),
        silent: () => this.#notices.say('tritermd is not responding'),
        back: () => this.#notices.over(),
        failed: error => this.#end.reject(error),
      },
    );
  }

  /** The session as it was told last; undefined before it is attached. */
  get session(): SessionInfo | undefined {
    return this.#link.session;
  }

  /** Attaches, and resolves when that is over. Throws what prevents it, or ends it for good. */
  async run(): Promise<AttachEnd> {
    const opening = this.#link.open();
    const ready = this.#enter();
    try {
      await Promise.race([this.#begin(opening, ready), this.#end.promise]);
      const end = await this.#end.promise;
      await this.#depart(end);
      return end;
    } finally {
      this.#isOver = true;
      clearTimeout(this.#keyTimer);
      this.#notices.forget();
      this.#link.close();
      this.#terminal.unlisten();
    }
  }

  /** Ends it; the first reason counts. */
  finish(end: AttachEnd): void {
    this.#end.resolve(end);
  }

  /** Restores the terminal, because the process is about to be stopped. */
  async suspend(): Promise<void> {
    if (this.#isSuspended) return;
    this.#isSuspended = true;
    this.#notices.forget();
    this.#link.spoil();
    this.#terminal.dropOutput();
    this.#position.rewind(this.#takenOffset);
    await this.#terminal.leave({ inHurry: true });
  }

  /** The terminal is ours again, and spoilt. */
  async resume(): Promise<void> {
    if (this.#picking !== undefined || this.#isOver) return;
    await this.#enter();
    this.#isSuspended = false;
    this.#link.repaint();
  }

  #enter(): Promise<void> {
    this.#terminal.listen({
      typed: bytes => this.#typed(bytes),
      resized: () => this.#link.resize(this.#terminal.size),
      gone: () => this.finish({ kind: 'terminalGone' }),
    });
    return this.#terminal.enter();
  }

  async #begin(opening: Promise<AttachReply>, ready: Promise<void>): Promise<void> {
    const reply = await opening;
    await ready;
    if (!this.#isOver) this.#link.begin(reply);
  }

  #opened(reply: AttachReply, isDrawn: boolean): void {
    this.#attachment += 1;
    this.#position.opened(reply);
    this.#input.reconnected(reply.inputOffset);
    this.#notices.attached(isDrawn);
    this.#sendInput();
  }

  #data(frame: Frame): void {
    if (frame.kind === FrameKind.ack) {
      this.#input.acknowledged(decodeAck(frame).offset);
      this.#sendInput();
      return;
    }
    if (this.#isSuspended || this.#isOver) return;
    const { offset, bytes } = decodeData(frame);
    this.#notices.output();
    if (frame.kind === FrameKind.snapshot) {
      this.#position.snapshot(offset);
      this.#terminal.paint(bytes, this.#taken());
      if (this.#toSay !== undefined) this.#notices.sayBriefly(this.#toSay);
      this.#toSay = undefined;
      return;
    }
    const known = this.#position.output(offset, bytes.length);
    if (known === undefined) this.#link.repaint();
    else if (known < bytes.length) this.#terminal.write(bytes.subarray(known), this.#taken());
  }

  /** What to do when the terminal has taken what has come so far. */
  #taken(): () => void {
    const { offset, snapshots } = this.#position;
    const attachment = this.#attachment;
    return () => {
      this.#takenOffset = offset;
      this.#takenSnapshots = snapshots;
      if (this.#isAckDue) return;
      this.#isAckDue = true;
      setImmediate(() => {
        this.#isAckDue = false;
        if (attachment === this.#attachment) this.#link.acknowledge(this.#takenOffset, this.#takenSnapshots);
      });
    };
  }

  #typed(chunk: Buffer): void {
    this.#act(this.#keys.push(chunk));
  }

  #act(events: readonly InputEvent[]): void {
    clearTimeout(this.#keyTimer);
    for (const event of events) {
      if (event.kind === 'send') this.#send(event.bytes);
      else if (event.kind === 'answer') this.#options.probe?.answer(event.bytes);
      else if (event.action === 'detach') this.#detach();
      else this.#switch();
    }
    const { timeoutMs } = this.#keys;
    if (timeoutMs !== undefined && !this.#isOver)
      this.#keyTimer = setTimeout(() => this.#act(this.#keys.timeUp()), timeoutMs);
    this.#sendInput();
  }

  #send(bytes: Buffer): void {
    if (this.#options.attach.role !== 'viewer') {
      this.#input.push(bytes);
    } else if (!this.#hasToldReadOnly) {
      this.#hasToldReadOnly = true;
      this.#notices.sayBriefly('read-only: what you type is not sent');
    }
  }

  #sendInput(): void {
    if (this.#link.isOpen) {
      for (let next = this.#input.next(); next !== undefined; next = this.#input.next())
        this.#link.send(next);
    }
    if (this.#isSuspended) return;
    if (this.#input.isFull) this.#terminal.stopReading();
    else this.#terminal.startReading();
  }

  #detach(): void {
    const undelivered = this.#link.isOpen ? 0 : this.#input.keptBytes;
    this.#terminal.dropOutput();
    this.finish({ kind: 'detached', by: 'key', undelivered });
  }

  #dismissed(reason: 'requested' | 'others' | 'lost' | 'tooSlow', message: string): void {
    if (reason === 'lost') this.#end.reject(new TermError('SESSION_LOST', message));
    else if (reason === 'tooSlow') this.#end.reject(new TermError('CONNECTION_LOST', message));
    else this.finish({ kind: 'detached', by: reason === 'others' ? 'others' : 'request', undelivered: 0 });
  }

  #switch(): void {
    if (this.#picking !== undefined) return;
    this.#picking = this.#pick().finally(() => {
      this.#picking = undefined;
    });
    this.#picking.catch(error => this.#end.reject(error));
  }

  async #pick(): Promise<void> {
    await this.suspend();
    this.#terminal.unlisten();
    let chosen: string | undefined;
    try {
      chosen = await this.#options.pick(this.#link);
    } catch (thrown) {
      this.#toSay = TermError.from(thrown).message;
    }
    if (chosen !== undefined && chosen !== this.session?.id) {
      this.finish({ kind: 'switch', to: chosen });
      return;
    }
    this.#picking = undefined;
    await this.resume();
  }

  #probe(): void {
    const { probe } = this.#options;
    if (probe === undefined || !this.#terminal.isBetweenSequences || !probe.begin()) return;
    this.#terminal.ask(COLOUR_QUERY);
    void probe.finished.then(colours => {
      if (Object.keys(colours).length > 0) this.#link.tellColours(colours);
    });
  }

  /** Lets the last output arrive, takes leave of the daemon, and restores the terminal. */
  async #depart(end: AttachEnd): Promise<void> {
    this.#isOver = true;
    await this.#picking?.catch(() => {});
    if (end.kind === 'terminalGone') return;
    const leaving = end.kind === 'exited' ? undefined : this.#link.detach();
    if (end.kind === 'exited') await this.#terminal.drained();
    else this.#terminal.dropOutput();
    const { probe } = this.#options;
    if (probe?.isPending === true && end.kind !== 'signalled') await within(probe.finished, ANSWERS_MS);
    await this.#terminal.leave({ inHurry: end.kind === 'signalled' });
    await leaving;
  }
}

async function within(promise: Promise<unknown>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([
    promise,
    new Promise<void>(resolve => {
      timer = setTimeout(resolve, timeoutMs);
    }),
  ]);
  clearTimeout(timer);
}
