import type { ShellKind } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { Result } from '@triterm/core/protocol';
import { patiently } from '../patiently.ts';
import type { ShellMark } from '../screen/screen.ts';
import { commandOutput, runInput } from './launch/index.ts';
import { OutputRecorder } from './output-recorder.ts';
import type { Session } from './session.ts';
import { typeInto } from './typing.ts';
import { noIntegration, waitFor } from './wait.ts';

/** Output of a command that is kept: the last of it. */
const MAX_OUTPUT_BYTES = 3 * 1024 * 1024;
/** Runs that may wait for their turn in one session. */
const MAX_WAITING = 64;
/** A shell that was typed a command begins it in this time, or something else reads the input. */
const START_TIMEOUT_MS = 10_000;

/** After a command the shell draws its prompt in this time; else the run does not wait for it. */
const PROMPT_TIMEOUT_MS = 2000;

export interface WantedRun {
  readonly argv: readonly string[];
  /** 0: no limit. */
  readonly timeoutMs: number;
  /** Of its own typing: a repetition types nothing twice. */
  readonly key: string;
  /** Aborts when nobody waits for it any more. */
  readonly gone: AbortSignal;
}

/** Until when a command may be typed. */
interface TypingLimit {
  /** On the clock of `performance.now()`. */
  readonly deadlineMs: number;
  readonly gone: AbortSignal;
}

/** Runs commands in sessions' shells, one at a time each, in the order in which they came. */
export class CommandRunner {
  readonly #queues = new WeakMap<Session, { last: Promise<unknown>; waiting: number }>();

  /**
   * Rejects with NO_SHELL_INTEGRATION, NOT_AT_PROMPT, TOO_MANY_WAITING, SESSION_EXITED; TIMEOUT: the command goes on, or nothing was
   * typed, as the message says. When `gone` aborts, nothing is typed any more.
   */
  async run(session: Session, wanted: WantedRun): Promise<Result<'session.run'>> {
    const queue = this.#queues.get(session) ?? { last: Promise.resolve(), waiting: 0 };
    if (queue.waiting === 0 && session.prompt.state !== 'none') requirePrompt(session);
    if (queue.waiting >= MAX_WAITING)
      throw new TermError('TOO_MANY_WAITING', 'Too many commands wait for this shell.');
    queue.waiting += 1;
    this.#queues.set(session, queue);
    const { timeoutMs, gone } = wanted;
    const limit: TypingLimit = {
      deadlineMs: timeoutMs === 0 ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs,
      gone,
    };
    const before = queue.last;
    const ended = Promise.withResolvers<void>();
    queue.last = before.then(() => ended.promise);
    try {
      await patiently(before, { waitMs: limit.deadlineMs - performance.now(), gone }, () => unstarted(limit));
      return await runNow(session, wanted, limit);
    } finally {
      ended.resolve();
      queue.waiting -= 1;
      if (queue.waiting === 0) this.#queues.delete(session);
    }
  }
}

function unstarted({ gone }: TypingLimit): TermError {
  return gone.aborted
    ? new TermError('CONNECTION_LOST', 'The client has gone; nothing was typed.')
    : new TermError('TIMEOUT', 'The shell was not free in time; nothing was typed.');
}

async function runNow(
  session: Session,
  { argv, key }: WantedRun,
  limit: TypingLimit,
): Promise<Result<'session.run'>> {
  const { deadlineMs, gone } = limit;
  if (session.prompt.state === 'none') await firstPrompt(session, deadlineMs);
  if (gone.aborted || performance.now() >= deadlineMs) throw unstarted(limit);
  const shell = requirePrompt(session);
  const live = session.running;
  const recorder = new OutputRecorder(MAX_OUTPUT_BYTES);
  const record = (offset: number, bytes: Uint8Array) => recorder.push(offset, bytes);
  session.signals.on('output', record);
  try {
    const command = nextCommand(session, deadlineMs);
    command.catch(() => {});
    await typeInto(live, key, runInput(shell, argv));
    const { start, finish } = await command;
    const { bytes, truncated } = recorder.cut(start.offset, finish.endOffset);
    await backAtPrompt(session);
    const output = truncated ? bytes : commandOutput(shell, bytes);
    return { output: output.toString('base64'), truncated, exitCode: finish.exitCode };
  } finally {
    session.signals.off('output', record);
  }
}

/** A shell that was only just started reads its files first. */
async function firstPrompt(session: Session, deadlineMs: number): Promise<void> {
  if (session.row.doc.shell === null) throw noIntegration(session);
  const wait = new AbortController();
  const timeoutMs = Math.min(START_TIMEOUT_MS, Math.max(1, deadlineMs - performance.now()));
  try {
    await waitFor(session, { kind: 'command' }, timeoutMs, wait.signal);
  } catch (thrown) {
    if (TermError.from(thrown).code !== 'TIMEOUT') throw thrown;
    throw new TermError(
      timeoutMs < START_TIMEOUT_MS ? 'TIMEOUT' : 'NOT_AT_PROMPT',
      `The shell of ${session.name} has not shown its first prompt yet; nothing was typed.`,
      { cause: thrown },
    );
  }
}

/** So that the next run, ours or another's, finds the shell ready. A shell that ended instead is no failure of this run. */
async function backAtPrompt(session: Session): Promise<void> {
  const wait = new AbortController();
  await waitFor(session, { kind: 'command' }, PROMPT_TIMEOUT_MS, wait.signal).catch(() => {});
}

/** The shell that is ready for a command. */
function requirePrompt(session: Session): ShellKind {
  void session.running;
  const { shell } = session.row.doc;
  if (shell === null) throw noIntegration(session);
  if (session.prompt.state !== 'prompt') {
    throw new TermError(
      'NOT_AT_PROMPT',
      `The shell of ${session.name} is busy with ${session.prompt.command || 'a command'}.`,
    );
  }
  return shell;
}

type Started = Extract<ShellMark, { kind: 'commandStarted' }>;
type Finished = Extract<ShellMark, { kind: 'commandFinished' }>;

/** The marks of the next command. One listener hears both: they may come in one piece of output. */
function nextCommand(session: Session, deadlineMs: number): Promise<{ start: Started; finish: Finished }> {
  return new Promise((resolve, reject) => {
    let start: Started | undefined;
    const off = () => {
      clearTimeout(timer);
      session.signals.off('mark', marked);
      session.signals.off('ended', ended);
    };
    const fail = (error: TermError) => {
      off();
      reject(error);
    };
    const expire = (atMs: number, message: string) =>
      Number.isFinite(atMs)
        ? setTimeout(() => fail(new TermError('TIMEOUT', message)), atMs - performance.now())
        : undefined;
    let timer = expire(
      Math.min(deadlineMs, performance.now() + START_TIMEOUT_MS),
      'The shell has not begun the command in time.',
    );
    const marked = (mark: ShellMark) => {
      if (mark.kind === 'commandStarted' && start === undefined) {
        start = mark;
        clearTimeout(timer);
        timer = expire(deadlineMs, 'The command has not finished in time; it goes on.');
      } else if (mark.kind === 'commandFinished' && start !== undefined) {
        off();
        resolve({ start, finish: mark });
      }
    };
    const ended = () => fail(new TermError('SESSION_EXITED', `Session ${session.name} ended first.`));
    session.signals.on('mark', marked);
    session.signals.on('ended', ended);
  });
}
