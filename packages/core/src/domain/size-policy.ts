import { sameSize, type WindowSize } from './window-size.ts';

/** How a session's size follows from its controllers' windows. */
export const SIZE_POLICIES = ['latest', 'smallest', 'largest', 'manual'] as const;
export type SizePolicy = (typeof SIZE_POLICIES)[number];

/** A controller's window. Viewers have none: they never count. */
export interface ControllerWindow extends WindowSize {
  /** Monotonic time of the last input or attach, in milliseconds. */
  readonly activeAtMs: number;
}

/**
 * Decides a session's size. `current` stays when there is no controller, or the policy is `manual`.
 * `latest`: the controller active last; `smallest`/`largest`: the least/greatest of each side.
 */
export function decideSize(
  policy: SizePolicy,
  current: WindowSize,
  controllers: readonly ControllerWindow[],
): WindowSize {
  const [first, ...others] = controllers;
  if (first === undefined || policy === 'manual') return current;
  const wanted = others.reduce<ControllerWindow>((best, next) => combine(policy, best, next), first);
  return sameSize(current, wanted) ? current : { cols: wanted.cols, rows: wanted.rows };
}

function combine(policy: SizePolicy, best: ControllerWindow, next: ControllerWindow): ControllerWindow {
  if (policy === 'latest') return next.activeAtMs > best.activeAtMs ? next : best;
  const pick = policy === 'smallest' ? Math.min : Math.max;
  return { ...best, cols: pick(best.cols, next.cols), rows: pick(best.rows, next.rows) };
}
