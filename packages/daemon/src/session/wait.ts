import { TermError } from '@triterm/core/errors';
import type { ParsedParams, Result } from '@triterm/core/protocol';
import type { Session } from './session.ts';

type Condition = ParsedParams<'session.wait'>['condition'];
type Outcome = Pick<Result<'session.wait'>, 'matched' | 'commandStatus'>;

/** Screens are looked at no more often than this while text is waited for. */
const LOOK_INTERVAL_MS = 20;

/**
 * Waits until a condition holds in a session; at once when it holds already. Rejects with TIMEOUT, or SESSION_EXITED when the
 * session ends before. `timeoutMs` 0: until `signal` aborts.
 */
export async function waitFor(
  session: Session,
  condition: Condition,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Outcome> {
  const stop = new AbortController();
  const abort = () => stop.abort(new TermError('CONNECTION_LOST', 'The client has gone.'));
  signal.addEventListener('abort', abort, { once: true });
  const timer =
    timeoutMs === 0
      ? undefined
      : setTimeout(() => {
          stop.abort(
            new TermError(
              'TIMEOUT',
              `${describe(condition)} did not happen within ${Math.round(timeoutMs)} ms.`,
            ),
          );
        }, timeoutMs);
  try {
    return await until(session, condition, stop.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
    stop.abort();
  }
}

function until(session: Session, condition: Condition, signal: AbortSignal): Promise<Outcome> {
  switch (condition.kind) {
    case 'exit':
      return untilExit(session, signal);
    case 'text':
      return untilText(session, condition.pattern, signal);
    case 'idle':
      return untilIdle(session, condition.idleMs, signal);
    case 'command':
      return untilPrompt(session, signal);
  }
}

async function untilExit(session: Session, signal: AbortSignal): Promise<Outcome> {
  while (session.row.state === 'running') await next(session, ['ended'], signal, true);
  return { commandStatus: session.row.doc.exitCode };
}

async function untilText(session: Session, pattern: string, signal: AbortSignal): Promise<Outcome> {
  for (;;) {
    const looked = session.live?.head;
    const matched = await session.withScreen(screen => screen.match(pattern));
    if (matched !== null) return { matched, commandStatus: null };
    // What came while it was looked at is looked at next.
    if (session.live?.head === looked) await next(session, ['output'], signal);
    await delay(LOOK_INTERVAL_MS, signal);
  }
}

async function untilIdle(session: Session, idleMs: number, signal: AbortSignal): Promise<Outcome> {
  for (;;) {
    const live = session.live;
    if (live === undefined) return { commandStatus: null };
    const restMs = live.outputAtMs + idleMs - performance.now();
    if (restMs <= 0) return { commandStatus: null };
    await delay(restMs, signal);
  }
}

async function untilPrompt(session: Session, signal: AbortSignal): Promise<Outcome> {
  if (!tellsPrompts(session)) throw noIntegration(session);
  while (session.prompt.state !== 'prompt') {
    if (session.row.state !== 'running') throw ended(session);
    await next(session, ['prompt'], signal);
  }
  return { commandStatus: session.prompt.lastExitCode };
}

/** Whether the session's shell tells when it is at its prompt, or some shell in it has done so. */
export function tellsPrompts(session: Session): boolean {
  return session.row.doc.shell !== null || session.prompt.state !== 'none';
}

export function noIntegration(session: Session): TermError {
  return new TermError(
    'NO_SHELL_INTEGRATION',
    `Session ${session.name} has no shell that tells when it is at its prompt.`,
  );
}

/** Resolves at the next of these signals; rejects when the session ends (unless that is what is waited for) or on abort. */
function next(
  session: Session,
  names: readonly ('output' | 'prompt' | 'ended')[],
  signal: AbortSignal,
  endIsGood = false,
): Promise<void> {
  if (session.row.state !== 'running' && !endIsGood) return Promise.reject(ended(session));
  return new Promise((resolve, reject) => {
    const off = () => {
      for (const name of names) session.signals.off(name, good);
      session.signals.off('ended', over);
      signal.removeEventListener('abort', aborted);
    };
    const good = () => {
      off();
      resolve();
    };
    const over = () => {
      off();
      if (endIsGood) resolve();
      else reject(ended(session));
    };
    const aborted = () => {
      off();
      reject(signal.reason);
    };
    for (const name of names) session.signals.on(name, good);
    session.signals.on('ended', over);
    if (signal.aborted) aborted();
    else signal.addEventListener('abort', aborted, { once: true });
  });
}

function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const aborted = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', aborted);
      resolve();
    }, ms);
    if (signal.aborted) aborted();
    else signal.addEventListener('abort', aborted, { once: true });
  });
}

function ended(session: Session): TermError {
  return new TermError('SESSION_EXITED', `Session ${session.name} ended first.`);
}

function describe(condition: Condition): string {
  switch (condition.kind) {
    case 'exit':
      return 'The end of the session';
    case 'text':
      return `Text that matches ${condition.pattern}`;
    case 'idle':
      return `A rest of ${condition.idleMs} ms`;
    case 'command':
      return 'The prompt';
  }
}
