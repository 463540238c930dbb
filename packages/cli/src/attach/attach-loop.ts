import type { SessionInfo } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import { decodeAck, decodeData, type Frame, FrameKind } from '@triterm/core/protocol';
import type { AttachEnd } from './attach-end.ts';
import { AttachmentLink } from './attachment-link.ts';
import type { ClientTerminal } from './client-terminal.ts';
import { COLOUR_QUERY, type ColourProbe } from './colour-probe.ts';
import { DetachKeys, type InputEvent } from './detach-keys.ts';
import { InputBuffer } from './input-buffer.ts';
import type { WatchedKey } from './key-forms.ts';
import type { AttachmentLinkOptions, AttachReply } from './link-contract.ts';
import { Notices } from './notices.ts';
import { OutputPosition } from './output-position.ts';
import { within } from './within.ts';

export interface AttachLoopOptions extends Omit<AttachmentLinkOptions, 'window' | 'colours' | 'resume'> {
  readonly keys: { readonly detach: WatchedKey; readonly switch?: WatchedKey };
  /** How the detach key is called. */
  readonly detachKeyName: string;
  /** Undefined for a terminal that is not to be asked. */
  readonly probe: ColourProbe | undefined;
  /** Lets the person choose a session, on a terminal that is as it was before; undefined for none. */
  pick(from: AttachmentLink): Promise<string | undefined>;
  /** Something is to be told of a stream that is not to be disturbed: when the terminal is the person's own again. */
  note(text: string): void;
}

/** A lost connection is not worth a word if it comes back in this time. */
const QUIET_MS = 3000;
/** How long the answers to our own queries are waited for: they would be typed into the shell. */
const ANSWERS_MS = 150;
/** A question to the person is shown so long. */
const QUESTION_MS = 10_000;

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
  /** A notice for the next time that the screen is whole; until then it would be drawn over. */
  #toSay: { readonly text: string; readonly forMs?: number } | undefined;
  /** The whole screen is about to be drawn. */
  #isScreenDue = false;

  constructor(terminal: ClientTerminal, options: AttachLoopOptions) {
    this.#terminal = terminal;
    this.#options = options;
    this.#position = new OutputPosition(options.attach.lossless ?? false);
    this.#keys = new DetachKeys(options.keys);
    const { detachKeyName, remote } = options;
    const server = remote?.name ?? 'tritermd';
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
        requested: ({ deviceName }) => this.#asked(deviceName),
        answered: ({ message }) => this.#notices.sayBriefly(message),
        renamed: (_session, message) => this.#sayWhenWhole(message),
        lost: () => this.#notices.say(`${server} is gone; coming back`, QUIET_MS),
        trouble: error => this.#notices.say(error.message),
        waiting: message => this.#notices.say(message),
        silent: () => this.#notices.say(`${server} is not responding`),
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
    this.#isScreenDue = isDrawn;
    const isOther = this.#position.opened(reply);
    const undelivered = this.#input.keptBytes;
    if (isOther) this.#input.restarted(reply.inputOffset);
    else this.#input.reconnected(reply.inputOffset);
    this.#notices.attached(isDrawn);
    if (isOther) this.#tellOther(undelivered);
    this.#sendInput();
  }

  /** The session was made anew: what was typed for the program before, the one that runs now does not get. */
  #tellOther(undelivered: number): void {
    // Nothing of its output is on the terminal.
    this.#takenOffset = 0;
    const dropped = undelivered === 0 ? '' : '; what was typed meanwhile was dropped';
    const text = `another program runs in this session now${dropped}`;
    if (this.#options.attach.lossless === true) this.#options.note(text);
    else this.#sayWhenWhole(text);
  }

  #sayWhenWhole(text: string): void {
    if (this.#isScreenDue) this.#toSay = { text, forMs: QUESTION_MS };
    else this.#notices.sayBriefly(text, QUESTION_MS);
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
      this.#isScreenDue = false;
      if (this.#toSay !== undefined) this.#notices.sayBriefly(this.#toSay.text, this.#toSay.forMs);
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
      this.#toSay = { text: TermError.from(thrown).message };
    }
    if (chosen !== undefined && chosen !== this.session?.id) {
      this.finish({ kind: 'switch', to: chosen });
      return;
    }
    this.#picking = undefined;
    await this.resume();
  }

  /** Another client wants to be the primary one. */
  #asked(deviceName: string): void {
    const name = this.session?.name ?? this.#options.target;
    const who = deviceName === '' ? 'Another client' : deviceName;
    this.#notices.sayBriefly(
      `${who} asks to take over: \`triterm sessions grant ${name}\`, or type on`,
      QUESTION_MS,
    );
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
