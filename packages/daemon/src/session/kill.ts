import { TermError } from '@triterm/core/errors';
import type { LiveSession } from './live-session.ts';
import type { Session } from './session.ts';

/** A program that was asked to end has this long before it is killed. */
const GRACE_MS = 5000;
/** A killed program is reaped in this time, or the machine is in trouble. */
const REAP_MS = 5000;

/**
 * Sends the signal. Without one: SIGHUP as a closed terminal does, SIGKILL to what is still there after 5 s, and waits for the end.
 * Throws TIMEOUT when it outlives even that.
 */
export async function killSession(
  session: Session,
  live: LiveSession,
  signal: string | undefined,
): Promise<void> {
  if (signal !== undefined) {
    await live.pty.signal(signal);
    if (signal === 'SIGKILL') await ended(session, REAP_MS);
    return;
  }
  // SIGCONT: a shell with a stopped job would not get to act on the signal before.
  for (const next of ['SIGHUP', 'SIGCONT']) await signalUnlessEnded(live, next);
  if (await ended(session, GRACE_MS)) return;
  await signalUnlessEnded(live, 'SIGKILL');
  if (!(await ended(session, REAP_MS)))
    throw new TermError('TIMEOUT', `Session ${session.name} did not end.`, {
      hint: 'Something in the kernel holds its program, such as a file system that does not answer; try again when that does.',
    });
}

async function signalUnlessEnded(live: LiveSession, signal: string): Promise<void> {
  try {
    await live.pty.signal(signal);
  } catch (thrown) {
    if (!(thrown instanceof TermError && thrown.code === 'SESSION_EXITED')) throw thrown;
  }
}

function ended(session: Session, timeoutMs: number): Promise<boolean> {
  if (session.row.state !== 'running') return Promise.resolve(true);
  return new Promise(resolve => {
    const over = () => {
      clearTimeout(timer);
      resolve(true);
    };
    const timer = setTimeout(() => {
      session.signals.off('ended', over);
      resolve(false);
    }, timeoutMs);
    session.signals.once('ended', over);
  });
}
