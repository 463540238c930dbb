import type { HandOver } from '@triterm/core/domain';
import type { Attachment } from './attachment.ts';
import { HandOverRequests, takesByAttaching } from './hand-over.ts';

/** What the desk tells its session. */
export interface HandOverListener {
  /** Another client is the primary one; undefined when there is none. */
  changed(attachment: Attachment | undefined): void;
  /** Somebody asks to be the primary one. */
  requested(attachment: Attachment): void;
}

/** Decides which of a session's clients is the primary one, and carries requests and answers between them. */
export class HandOverDesk {
  readonly #attachments: ReadonlySet<Attachment>;
  readonly #listener: HandOverListener;
  readonly #requests = new HandOverRequests<Attachment>();
  #timer: NodeJS.Timeout | undefined;
  policy: HandOver;

  constructor(policy: HandOver, attachments: ReadonlySet<Attachment>, listener: HandOverListener) {
    this.policy = policy;
    this.#attachments = attachments;
    this.#listener = listener;
  }

  get primary(): Attachment | undefined {
    for (const attachment of this.#attachments) if (attachment.primary) return attachment;
    return undefined;
  }

  /** Who asks to be the primary one, the last one last. */
  get askers(): readonly Attachment[] {
    return this.#requests.all;
  }

  /** `before`: what it was until now, and is no member any more. What that one was and had asked for, it is and has. */
  joined(
    attachment: Attachment,
    { take, isReturning, before }: { take: boolean; isReturning: boolean; before?: Attachment | undefined },
  ): void {
    if (before !== undefined) this.#requests.replace(before, attachment);
    if (before?.primary === true && attachment.role === 'controller') {
      setPrimary(attachment, true);
      this.#listener.changed(attachment);
    } else if (take || takesByAttaching(this.policy, { hasPrimary: this.primary !== undefined, isReturning }))
      this.make(attachment);
  }

  typed(attachment: Attachment): void {
    if (this.policy === 'typing') this.make(attachment);
  }

  /** Has left, and is no member any more; `next` takes its place if it was the primary one. */
  left(attachment: Attachment, next: Attachment | undefined): void {
    this.#requests.end(attachment);
    if (!attachment.primary) return;
    attachment.primary = false;
    if (next !== undefined) {
      this.make(next);
      return;
    }
    this.#answerAll(undefined, 'Nobody is the primary client any more.');
    this.#listener.changed(undefined);
  }

  /** Makes it the primary client, unless it only looks on. */
  make(attachment: Attachment): void {
    const before = this.primary;
    if (attachment.role !== 'controller' || before === attachment) return;
    setPrimary(attachment, true);
    if (before !== undefined) setPrimary(before, false);
    this.#answerAll(attachment, `${nameOf(attachment)} is the primary client now.`);
    this.#listener.changed(attachment);
  }

  /** Asks the primary client, which is there and another one. */
  request(attachment: Attachment, nowMs: number): void {
    this.#requests.ask(attachment, nowMs);
    this.#listener.requested(attachment);
    this.primary?.notify('attachment.requested', {
      client: attachment.id,
      deviceName: attachment.deviceName,
    });
    this.#watch();
  }

  deny(attachment: Attachment): void {
    this.#answer(attachment, false, 'The request was denied.');
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Whoever was asked is not the primary client any more: nobody is left to answer. */
  #answerAll(primary: Attachment | undefined, otherwise: string): void {
    for (const asker of this.#requests.all) {
      if (asker === primary) this.#answer(asker, true, 'This is the primary client now.');
      else this.#answer(asker, false, otherwise);
    }
  }

  #answer(attachment: Attachment, granted: boolean, message: string): void {
    if (this.#requests.end(attachment)) attachment.notify('attachment.answered', { granted, message });
  }

  #watch(): void {
    clearTimeout(this.#timer);
    const { lapsesAtMs } = this.#requests;
    if (lapsesAtMs === undefined) return;
    this.#timer = setTimeout(
      () => {
        for (const asker of this.#requests.lapse(performance.now()))
          asker.notify('attachment.answered', { granted: false, message: 'The request was not answered.' });
        this.#watch();
      },
      Math.max(0, lapsesAtMs - performance.now()),
    ).unref();
  }
}

/** And tells its client. */
function setPrimary(attachment: Attachment, primary: boolean): void {
  attachment.primary = primary;
  attachment.notify('attachment.role', { role: attachment.role, primary });
}

function nameOf({ deviceName, id }: Attachment): string {
  return deviceName === '' ? id : deviceName;
}
