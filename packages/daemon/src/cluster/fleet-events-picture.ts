import type { SessionRow } from '@triterm/core/store';
import type { Told } from '../session/event-bus.ts';
import {
  type Aspect,
  aspectsIn,
  aspectsOf,
  type Change,
  changeOf,
  orderOf,
  said,
} from './fleet-events-aspects.ts';

/** One thing that is known of a session. */
interface Seen {
  readonly value: string;
  /** Listeners were told of it. */
  readonly isTold: boolean;
  /** Monotonic time of the hint that told of it; the database may be behind that for a moment. -Infinity: the database told of it. */
  readonly hintedAtMs: number;
  /** Milliseconds since 1970 when the database was asked that told of it; hints from before are old news. */
  readonly listedAt: number;
}

interface Shown {
  /** Of the row that was compared last; -1 before. */
  readonly rev: number;
  readonly userId: string;
  readonly seen: Map<Aspect, Seen>;
}

export interface Comparison {
  /** What the database has and nobody has told of. */
  readonly missed: readonly Told[];
  /** A later look can't show more of what there is now. */
  readonly isSettled: boolean;
}

/** So it was when it was seen first. */
const UNTOLD = { isTold: false, hintedAtMs: Number.NEGATIVE_INFINITY, listedAt: 0 };
/** What the event tells with which a session begins. */
const BY_CREATED: ReadonlySet<Aspect> = new Set(['server', 'state', 'name']);
/** An owner has stored what it told of after this time: it gathers changes for 200 ms, and lists are read while it writes. */
const SETTLE_MS = 1500;
/** Removed sessions that are kept in mind, so that an older list does not bring them back. */
const MAX_REMOVED = 10_000;

/**
 * What listeners were told of the sessions of other servers. Hints come soon, and may get lost; the database knows everything in the
 * end. Out of both it makes each event once.
 */
export class FleetEventsPicture {
  readonly #serverId: string;
  readonly #shown = new Map<string, Shown>();
  readonly #removed = new Set<string>();

  /** `serverId`: this server's; what happens to its own sessions it knows at once. */
  constructor(serverId: string) {
    this.#serverId = serverId;
  }

  /** Everything as it is when somebody begins to listen: nothing of it is told. What hints have told meanwhile stays. */
  begin(rows: readonly SessionRow[]): void {
    for (const row of rows) {
      if (this.#removed.has(row.id)) continue;
      const hinted = this.#shown.get(row.id);
      const seen = new Map<Aspect, Seen>(hinted?.seen);
      for (const [aspect, value] of said(aspectsOf(row)))
        if (!seen.has(aspect)) seen.set(aspect, { value, ...UNTOLD });
      this.#shown.set(row.id, { rev: hinted === undefined ? row.rev : -1, userId: row.userId, seen });
    }
  }

  /**
   * A hint came. `news`: it is to be told; `known`: it was, by the database; `old`: the database has told of what came after it, or
   * clocks differ, so that it is worth a look there.
   */
  heard({ event, userId }: Told, nowMs: number): 'news' | 'known' | 'old' {
    if (userId === undefined) return 'news';
    const { session, type } = event;
    if (this.#removed.has(session)) return 'known';
    if (type === 'removed') {
      this.#remove(session);
      return 'news';
    }
    const claims = said(aspectsIn(event));
    if (claims.length === 0) return 'news';
    const shown = this.#shown.get(session) ?? { rev: -1, userId, seen: new Map<Aspect, Seen>() };
    const others = claims.filter(([aspect, value]) => {
      const seen = shown.seen.get(aspect);
      return seen === undefined || !seen.isTold || seen.value !== value;
    });
    if (others.length === 0) return 'known';
    const at = Date.parse(event.at);
    if (others.some(([aspect]) => at < (shown.seen.get(aspect)?.listedAt ?? 0))) return 'old';
    for (const [aspect, value] of claims)
      shown.seen.set(aspect, { value, isTold: true, hintedAtMs: nowMs, listedAt: 0 });
    this.#shown.set(session, shown);
    return 'news';
  }

  /**
   * Compares with all live rows, as the database had them when it was asked at `listedAt` (milliseconds since 1970); `nowMs` is
   * monotonic, from then.
   */
  compare(rows: readonly SessionRow[], nowMs: number, listedAt: number): Comparison {
    const missed: Told[] = [];
    let isSettled = true;
    for (const row of rows) {
      const shown = this.#shown.get(row.id);
      if (this.#removed.has(row.id) || shown?.rev === row.rev) continue;
      const { changes, waits } = this.#changes(shown, row, nowMs, listedAt);
      if (row.ownerServer !== this.#serverId) missed.push(...changes.map(change => toldOf(row, change)));
      if (waits) isSettled = false;
    }
    const live = new Set(rows.map(({ id }) => id));
    for (const [id, { seen, userId }] of this.#shown) {
      if (live.has(id)) continue;
      if (isFresh(seen.get('state'), nowMs)) {
        isSettled = false;
        continue;
      }
      this.#remove(id);
      const server = seen.get('server')?.value ?? '';
      if (server !== this.#serverId)
        missed.push(removedOf(id, userId, server, seen.get('name')?.value ?? ''));
    }
    return { missed, isSettled };
  }

  /** Takes over what the row says, except for what hints have told a moment ago: that the row may not have yet. */
  #changes(
    shown: Shown | undefined,
    row: SessionRow,
    nowMs: number,
    listedAt: number,
  ): { changes: Change[]; waits: boolean } {
    const told = { isTold: true, hintedAtMs: Number.NEGATIVE_INFINITY, listedAt };
    const now = aspectsOf(row);
    const seen = new Map<Aspect, Seen>(shown?.seen);
    const changes: Change[] = [];
    let waits = false;
    const isNew = shown === undefined;
    if (isNew) changes.push({ type: 'created', data: { command: row.doc.command } });
    for (const aspect of orderOf(row)) {
      const before = seen.get(aspect);
      const value = now[aspect];
      if (before?.value === value) continue;
      if (isFresh(before, nowMs)) {
        waits = true;
        continue;
      }
      if (before === undefined && aspect !== 'state') {
        // What it was before is not known: hints of it may be on their way.
        seen.set(aspect, { value, ...(isNew && BY_CREATED.has(aspect) ? told : UNTOLD) });
        continue;
      }
      seen.set(aspect, { value, ...told });
      const isBeginning = isNew && row.state === 'running';
      if (!isBeginning) changes.push(changeOf(aspect, before?.value ?? '', row));
    }
    this.#shown.set(row.id, { rev: waits ? (shown?.rev ?? -1) : row.rev, userId: row.userId, seen });
    return { changes, waits };
  }

  #remove(id: string): void {
    this.#shown.delete(id);
    this.#removed.add(id);
    const [oldest] = this.#removed;
    if (this.#removed.size > MAX_REMOVED && oldest !== undefined) this.#removed.delete(oldest);
  }
}

function isFresh(seen: Seen | undefined, nowMs: number): boolean {
  return seen !== undefined && nowMs - seen.hintedAtMs < SETTLE_MS;
}

function toldOf(row: SessionRow, { type, data }: Change): Told {
  const at = new Date(type === 'created' ? row.createdAt : row.updatedAt).toISOString();
  return {
    event: { type, at, session: row.id, name: row.name, server: row.ownerServer, data },
    userId: row.userId,
  };
}

function removedOf(session: string, userId: string, server: string, name: string): Told {
  return {
    event: { type: 'removed', at: new Date().toISOString(), session, name, server, data: {} },
    userId,
  };
}
