import { TermError } from '@triterm/core/errors';
import type { ScreenTable } from '@triterm/core/store';
import type { ServerDirectory } from './known-servers.ts';
import type { Lease } from './lease.ts';
import type { LiveSession } from './live-session.ts';
import { encodeContent, MAX_CONTENT_LINES } from './screen-content.ts';
import type { Session } from './session.ts';

/** What is looked at of a session. */
export interface TailedSession extends Pick<Session, 'row' | 'capture'> {
  readonly live: Pick<LiveSession, 'head' | 'outputAtMs'> | undefined;
}

export interface ScreenTailDependencies {
  readonly tails: Pick<ScreenTable, 'putScreens'>;
  readonly registry: { all(): readonly TailedSession[] };
  readonly directory: Pick<ServerDirectory, 'hasOthers'>;
  readonly lease: Pick<Lease, 'held'>;
  trouble(session: string, what: string, error: unknown): void;
}

/** How often changed screens are looked for, and how many are kept each time. */
const INTERVAL_MS = 1000;
const SCREENS_AT_ONCE = 8;
/** The screen of one session is kept at most this often; while its program writes on, less often. */
const SESSION_INTERVAL_MS = 5000;
const BUSY_INTERVAL_MS = 10_000;
/** A program that has written nothing for this long rests. */
const REST_MS = 300;

/** What was kept of a session. */
interface Kept {
  /** State that it was of: another one when the program has written, the size or the owner has changed. */
  readonly mark: string;
  readonly atMs: number;
}

/**
 * Leaves the last screens of this server's sessions in the database, for when this server can't be asked. Nothing waits for it, and
 * nothing happens while no other server shares the database.
 */
export class ScreenTail {
  readonly #d: ScreenTailDependencies;
  readonly #kept = new WeakMap<TailedSession, Kept>();
  readonly #timer: NodeJS.Timeout;
  #busy = false;

  constructor(dependencies: ScreenTailDependencies) {
    this.#d = dependencies;
    this.#timer = setInterval(() => this.#tick(), INTERVAL_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    const { directory, lease } = this.#d;
    if (this.#busy || !directory.hasOthers || !lease.held) return;
    const due = this.#due(performance.now());
    if (due.length === 0) return;
    this.#busy = true;
    this.#keep(due)
      .catch(error => this.#d.trouble('', 'keeping screens in the database', error))
      .finally(() => {
        this.#busy = false;
      });
  }

  /** Those that have waited longest first. */
  #due(nowMs: number): TailedSession[] {
    const waiting = this.#d.registry.all().flatMap(session => {
      const kept = this.#kept.get(session);
      if (kept?.mark === markOf(session)) return [];
      const sinceMs = kept?.atMs ?? Number.NEGATIVE_INFINITY;
      const rests = session.live === undefined || nowMs - session.live.outputAtMs >= REST_MS;
      const isDue = nowMs - sinceMs >= (rests ? SESSION_INTERVAL_MS : BUSY_INTERVAL_MS);
      return isDue ? [{ session, sinceMs }] : [];
    });
    return waiting
      .sort((a, b) => a.sinceMs - b.sinceMs)
      .slice(0, SCREENS_AT_ONCE)
      .map(({ session }) => session);
  }

  async #keep(sessions: readonly TailedSession[]): Promise<void> {
    const captured = await Promise.all(sessions.map(session => this.#capture(session)));
    const rows = captured.filter(row => row !== undefined);
    if (rows.length > 0) await this.#d.tails.putScreens(rows.map(({ row }) => row));
    const atMs = performance.now();
    for (const { session, mark } of rows) this.#kept.set(session, { mark, atMs });
  }

  async #capture(session: TailedSession) {
    const mark = markOf(session);
    const { id, ownerEpoch } = session.row;
    try {
      const capture = await session.capture({ ansi: true, scrollbackLines: MAX_CONTENT_LINES });
      const { offset, cols, rows } = capture;
      const row = { sessionId: id, ownerEpoch, offset, cols, rows, content: encodeContent(capture) };
      return { session, mark, row };
    } catch (thrown) {
      // Without a screen there is nothing to keep until something changes.
      this.#kept.set(session, { mark, atMs: performance.now() });
      if (TermError.from(thrown).code !== 'NO_SCREEN')
        this.#d.trouble(id, 'reading a screen to keep in the database', thrown);
      return undefined;
    }
  }
}

function markOf({ row, live }: TailedSession): string {
  const { cols, rows } = row.doc;
  return `${row.id} ${row.ownerEpoch} ${live?.head ?? 'ended'} ${cols}x${rows}`;
}
