import { TermError } from '@triterm/core/errors';
import { plainLine } from '@triterm/core/terminal';
import type { DaemonClient } from '../client/daemon-client.ts';
import { createPrinter, type Printer, toJson } from '../output/printer.ts';
import type { CommandContext } from './definition.ts';
import { followEvents } from './event-stream.ts';
import { isDaemonGone } from './with-daemon.ts';

/** Changes that come closer to each other than this are shown together. */
const COALESCE_MS = 50;
/** On a terminal ages grow, and activity is no event. */
const REFRESH_MS = 1000;

/** Something that the daemon answers, again and again. */
export interface Watched<T> {
  ask(client: DaemonClient): Promise<T>;
  lines(value: T, printer: Printer, nowMs: number): readonly string[];
  /** Shown when there are no lines. */
  readonly empty: string;
  /** Whether it is about all servers. */
  readonly all?: boolean;
  /** How often it is asked for with `json` too; without it only when something happens to a session. */
  readonly pollMs?: number;
}

/**
 * Shows an answer until the person leaves, or the daemon is stopped (DAEMON_STOPPED): lines that stay up to date, or with `json` the
 * value as one line after every change. Rejects with the error of the first answer.
 */
export async function watchAnswers<T>(
  context: CommandContext,
  watched: Watched<T>,
  json: boolean,
): Promise<number> {
  return json ? printChanges(context, watched) : showLines(context, watched);
}

async function printChanges<T>(context: CommandContext, watched: Watched<T>): Promise<number> {
  let last = '';
  let failing = false;
  const follower = new AnswerFollower(watched, {
    answered: value => {
      failing = false;
      const line = toJson(value, false);
      if (line !== last) context.stdout.write(`${line}\n`);
      last = line;
    },
    failed: ({ message }) => {
      if (!failing)
        context.stderr.write(`triterm: what was printed last may be out of date: ${plainLine(message)}\n`);
      failing = true;
    },
  });
  await follower.follow(context, watched.pollMs);
  return 0;
}

async function showLines<T>(context: CommandContext, watched: Watched<T>): Promise<number> {
  const { WatchScreen } = await import('../tui/watch-screen.ts');
  let shown: { readonly value: T } | undefined;
  let failure: TermError | undefined;
  const screen = new WatchScreen(context, rows => {
    const printer = createPrinter(context.stdout, context.env);
    const old =
      failure === undefined ? '' : `${printer.paint('red', `out of date: ${plainLine(failure.message)}`)} `;
    const foot = `${old}${printer.paint('dim', 'q leaves')}`;
    if (shown === undefined) return [foot];
    const lines = watched.lines(shown.value, printer, Date.now());
    return lines.length === 0 ? [watched.empty, '', foot] : fitRows(lines, foot, rows);
  });
  const follower = new AnswerFollower(watched, {
    answered: value => {
      shown = { value };
      failure = undefined;
      screen.show();
    },
    failed: error => {
      failure = error;
      screen.show();
    },
  });
  try {
    screen.show();
    await follower.follow(context, REFRESH_MS, screen.left);
    return 0;
  } finally {
    screen.close();
  }
}

/** The header, as many lines as there is room for, how many are left out, and the foot. */
function fitRows(lines: readonly string[], foot: string, rows: number): readonly string[] {
  const room = rows - 2;
  if (lines.length <= room) return [...lines, '', foot];
  const kept = Math.max(1, rows - 1);
  return [...lines.slice(0, kept), `… and ${lines.length - kept} more; ${foot}`];
}

interface AnswerListener<T> {
  answered(value: T): void;
  /** What was answered last may not hold any more. */
  failed(error: TermError): void;
}

/** The answer as it is now, asked for again when something happened, and every so often. */
class AnswerFollower<T> {
  readonly #watched: Pick<Watched<T>, 'ask' | 'all'>;
  readonly #listener: AnswerListener<T>;
  readonly #refused = new AbortController();
  #client: DaemonClient | undefined;
  #timer: NodeJS.Timeout | undefined;
  #hasAnswer = false;
  #isAsking = false;
  #isStale = false;
  #closed = false;

  constructor(watched: Pick<Watched<T>, 'ask' | 'all'>, listener: AnswerListener<T>) {
    this.#watched = watched;
    this.#listener = listener;
  }

  /** Until the signal aborts, or the daemon is stopped. */
  async follow(
    { paths, env, remote }: CommandContext,
    everyMs: number | undefined,
    signal?: AbortSignal,
  ): Promise<void> {
    const polling = everyMs === undefined ? undefined : setInterval(() => this.#refresh(), everyMs);
    const refused = this.#refused.signal;
    try {
      await followEvents({
        paths,
        env,
        remote,
        all: this.#watched.all ?? false,
        connected: client => {
          this.#client = client;
          this.#refresh();
        },
        event: () => this.#refreshSoon(),
        signal: signal === undefined ? refused : AbortSignal.any([signal, refused]),
      });
      if (refused.aborted) throw refused.reason;
    } finally {
      this.#closed = true;
      clearInterval(polling);
      clearTimeout(this.#timer);
    }
  }

  #refresh(): void {
    if (this.#isAsking) this.#isStale = true;
    else void this.#ask();
  }

  #refreshSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#refresh();
    }, COALESCE_MS);
  }

  async #ask(): Promise<void> {
    const client = this.#client;
    if (client === undefined || this.#closed) return;
    this.#isAsking = true;
    this.#isStale = false;
    try {
      const value = await this.#watched.ask(client);
      this.#hasAnswer = true;
      if (!this.#closed) this.#listener.answered(value);
    } catch (thrown) {
      // A new connection asks again, and later the next event does; what was refused from the beginning always will be.
      if (isDaemonGone(thrown)) return;
      const error = TermError.from(thrown);
      if (!this.#hasAnswer) this.#refused.abort(error);
      else if (!this.#closed) this.#listener.failed(error);
    } finally {
      this.#isAsking = false;
      if (this.#isStale && !this.#closed) this.#refreshSoon();
    }
  }
}
