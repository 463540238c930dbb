import { setTimeout as pause } from 'node:timers/promises';

/** How a drill lets the link fail. `slow`: every answer takes so much longer. */
export type LinkFault =
  | { readonly kind: 'down' }
  | { readonly kind: 'hang' }
  | { readonly kind: 'slow'; readonly latencyMs: number };

/** The place in a link where a drill brings faults about. Without one it costs nothing. */
export class FaultPoint {
  #fault: LinkFault | undefined;
  #over = Promise.withResolvers<void>();

  /** Undefined ends the fault. */
  set(fault: LinkFault | undefined): void {
    this.#fault = fault;
    this.#over.resolve();
    this.#over = Promise.withResolvers();
  }

  /** No connection is made, and none stands. */
  get isDown(): boolean {
    return this.#fault?.kind === 'down';
  }

  /** Nothing comes through, and nobody is told. */
  get isSilent(): boolean {
    return this.#fault?.kind === 'hang';
  }

  /** A command's answer, when it comes through. */
  async answer<T>(work: Promise<T>): Promise<T> {
    const fault = this.#fault;
    if (fault === undefined) return work;
    const value = await work;
    if (fault.kind === 'slow') await pause(fault.latencyMs, undefined, { ref: false });
    else await this.#over.promise;
    return value;
  }
}
