import type { SessionInfo } from '@triterm/core/domain';
import type { DaemonClient } from '../client/daemon-client.ts';
import { createPrinter, toJson } from '../output/printer.ts';
import type { CommandContext } from './definition.ts';
import { followEvents } from './event-stream.ts';
import { sessionLines } from './session-table.ts';

/** Changes that come closer to each other than this are shown together. */
const COALESCE_MS = 50;
/** Ages grow, and activity is no event. */
const REFRESH_MS = 1000;

type Select = (sessions: readonly SessionInfo[]) => readonly SessionInfo[];

/**
 * Shows the sessions until the person leaves, or the daemon is stopped (DAEMON_STOPPED): a table that stays up to date,
 * or with `json` the list as one line after every change.
 */
export async function watchSessions(context: CommandContext, select: Select, json: boolean): Promise<number> {
  return json ? printChanges(context, select) : showTable(context, select);
}

async function printChanges(context: CommandContext, select: Select): Promise<number> {
  let last = '';
  const list = new SessionList(sessions => {
    const line = toJson(select(sessions), false);
    if (line !== last) context.stdout.write(`${line}\n`);
    last = line;
  });
  try {
    await list.follow(context);
    return 0;
  } finally {
    list.close();
  }
}

async function showTable(context: CommandContext, select: Select): Promise<number> {
  const { WatchScreen } = await import('../tui/watch-screen.ts');
  let shown: readonly SessionInfo[] | undefined;
  const screen = new WatchScreen(context, rows => {
    const now = { ms: Date.now(), home: context.env.HOME ?? '' };
    const printer = createPrinter(context.stdout, context.env);
    const foot = printer.paint('dim', 'q leaves');
    if (shown === undefined) return [foot];
    if (shown.length === 0) return ['No sessions.', '', foot];
    return fitRows(sessionLines(shown, printer, now), foot, rows);
  });
  const list = new SessionList(sessions => {
    shown = select(sessions);
    screen.show();
  });
  const timer = setInterval(() => list.refresh(), REFRESH_MS);
  try {
    screen.show();
    await list.follow(context, screen.left);
    return 0;
  } finally {
    clearInterval(timer);
    list.close();
    screen.close();
  }
}

/** The header, as many lines as there is room for, how many are left out, and the foot. */
export function fitRows(lines: readonly string[], foot: string, rows: number): readonly string[] {
  const room = rows - 2;
  if (lines.length <= room) return [...lines, '', foot];
  const kept = Math.max(1, rows - 1);
  return [...lines.slice(0, kept), `… and ${lines.length - kept} more; ${foot}`];
}

/** The sessions as they are now, asked for again when something happened. */
class SessionList {
  readonly #changed: (sessions: readonly SessionInfo[]) => void;
  #client: DaemonClient | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isAsking = false;
  #isStale = false;
  #closed = false;

  constructor(changed: (sessions: readonly SessionInfo[]) => void) {
    this.#changed = changed;
  }

  /** Until the signal aborts, or the daemon is stopped. */
  follow({ paths, env }: CommandContext, signal?: AbortSignal): Promise<void> {
    return followEvents({
      paths,
      env,
      connected: client => {
        this.#client = client;
        this.refresh();
      },
      event: () => this.#refreshSoon(),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  refresh(): void {
    if (this.#isAsking) this.#isStale = true;
    else void this.#ask();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #refreshSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.refresh();
    }, COALESCE_MS);
  }

  async #ask(): Promise<void> {
    const client = this.#client;
    if (client === undefined || this.#closed) return;
    this.#isAsking = true;
    this.#isStale = false;
    try {
      const { sessions } = await client.request('session.list', {});
      if (!this.#closed) this.#changed(sessions);
    } catch {
      // The next event or a new connection asks again.
    } finally {
      this.#isAsking = false;
      if (this.#isStale && !this.#closed) this.#refreshSoon();
    }
  }
}
