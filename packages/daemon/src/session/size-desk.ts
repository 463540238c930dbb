import {
  type ControllerWindow,
  decideSize,
  type Role,
  type SizePolicy,
  type WindowSize,
} from '@triterm/core/domain';
import type { Resizer } from './resizer.ts';

/** A client as far as the size goes. */
interface SizeMember {
  readonly role: Role;
  readonly window: WindowSize;
  /** Monotonic time of the last input or attach. */
  activeAtMs: number;
}

/** Decides which of a session's clients gives it its size, by its policy. */
export class SizeDesk<M extends SizeMember> {
  readonly #attachments: ReadonlySet<M>;
  readonly #resizer: Pick<Resizer, 'size' | 'want'>;
  #policy: SizePolicy;

  constructor(policy: SizePolicy, attachments: ReadonlySet<M>, resizer: Pick<Resizer, 'size' | 'want'>) {
    this.#policy = policy;
    this.#attachments = attachments;
    this.#resizer = resizer;
  }

  set policy(policy: SizePolicy) {
    this.#policy = policy;
    this.decide();
  }

  /** The controller that typed or attached last. */
  get latestController(): M | undefined {
    return this.#controllers().sort((a, b) => b.activeAtMs - a.activeAtMs)[0];
  }

  /** A window changed, came or went. */
  decide(): void {
    const windows: ControllerWindow[] = this.#controllers().map(({ window, activeAtMs }) => ({
      ...window,
      activeAtMs,
    }));
    this.#resizer.want(decideSize(this.#policy, this.#resizer.size, windows));
  }

  typed(attachment: M, nowMs: number): void {
    const wasLatest = this.#controllers().every(other => other.activeAtMs <= attachment.activeAtMs);
    attachment.activeAtMs = nowMs;
    if (!wasLatest && this.#policy === 'latest') this.decide();
  }

  /** Its window counts from now on, whatever the policy is. */
  take({ window }: M): void {
    if (this.#policy === 'manual') this.#resizer.want(window);
    else this.decide();
  }

  #controllers(): M[] {
    return [...this.#attachments].filter(attachment => attachment.role === 'controller');
  }
}
