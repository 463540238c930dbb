/**
 * The outcome of `work`, or a rejection with what `expired` makes once `timeoutMs` have passed; then a later outcome is ignored. After
 * a stall of the event loop timers run before the answers that lie in the socket are read: so one poll phase is let pass before it
 * is called late.
 */
export function withDeadline<T>(work: Promise<T>, timeoutMs: number, expired: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    let poll: NodeJS.Immediate | undefined;
    const timer = setTimeout(() => {
      poll = setImmediate(() => reject(expired()));
    }, timeoutMs);
    const settle = (act: () => void) => {
      clearTimeout(timer);
      if (poll !== undefined) clearImmediate(poll);
      act();
    };
    work.then(
      value => settle(() => resolve(value)),
      (thrown: unknown) => settle(() => reject(thrown)),
    );
  });
}
