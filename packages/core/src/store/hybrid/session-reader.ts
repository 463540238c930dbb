import type { Epochs, SessionTable } from '../database.ts';
import type { SessionCache } from '../session-cache.ts';
import { presentRow, type SessionRecord, type SessionRow } from '../session-store.ts';
import type { Counters } from './counters.ts';
import type { Floors } from './floors.ts';
import type { L1 } from './l1.ts';
import type { ReadResult } from './read-result.ts';

/** Outcome of a write that is not known: no tier is believed until it must be over. */
const UNKNOWN_FOR_MS = 5000;
const MAX_FLIGHTS = 10_000;
const MAX_UNKNOWN = 1000;
/** Absent entries that are filled behind writers' backs at once; others wait for a reader. */
const MAX_FILLS = 16;

export interface SessionReaderOptions {
  readonly database: SessionTable;
  readonly cache: SessionCache | undefined;
  readonly l1: L1;
  readonly floors: Floors;
  readonly counters: Counters;
  readonly epochs: () => Epochs;
  /** Until when the tiers may be believed, in monotonic milliseconds: Redis is up and the channels are live. */
  readonly usableUntilMs: () => number;
  /** Told of each read that went past memory, for the log. */
  readonly traced: ((outcome: 'HIT' | 'MISS', id: string) => void) | undefined;
}

interface Flight {
  readonly floor: number;
  readonly generation: number;
  readonly result: Promise<ReadResult>;
}

/**
 * The read path: memory, Redis, database; each believed only as far as it may be. The database's answer is filled into the
 * tiers that it passed, under the token that was had before it was asked.
 */
export class SessionReader {
  readonly #o: SessionReaderOptions;
  readonly #flights = new Map<string, Flight>();
  /** Ids with a write whose outcome is not known, and until when. */
  readonly #unknown = new Map<string, number>();
  #fills = 0;

  constructor(options: SessionReaderOptions) {
    this.#o = options;
  }

  /** The hot path: an entry in memory costs no more than looking it up. */
  get(id: string): Promise<SessionRow | undefined> {
    const nowMs = performance.now();
    if (nowMs < this.#o.usableUntilMs()) {
      const entry = this.#o.l1.get(id);
      if (entry !== undefined && nowMs < entry.expiresAtMs) {
        if (entry.deleted) this.#o.counters.tombstones += 1;
        else this.#o.counters.l1Hits += 1;
        return entry.answer;
      }
    }
    return this.#slow(id, nowMs).then(rowOf);
  }

  async read(id: string): Promise<ReadResult> {
    const nowMs = performance.now();
    const entry = nowMs < this.#o.usableUntilMs() ? this.#o.l1.get(id) : undefined;
    if (entry === undefined || nowMs >= entry.expiresAtMs) return this.#slow(id, nowMs);
    if (entry.deleted) this.#o.counters.tombstones += 1;
    else this.#o.counters.l1Hits += 1;
    return { row: await entry.answer, source: 'l1', stale: false };
  }

  /** A write of this id may or may not have happened. */
  outcomeUnknown(id: string): void {
    const nowMs = performance.now();
    if (this.#unknown.size >= MAX_UNKNOWN)
      for (const [known, until] of this.#unknown) if (until <= nowMs) this.#unknown.delete(known);
    this.#unknown.set(id, nowMs + UNKNOWN_FOR_MS);
    this.#o.l1.delete(id);
  }

  /** Fills an absent entry from the database, by a token that a writer got, unless many are being filled. Never rejects. */
  async fillAbsent(id: string, fillToken: string, epochs: Epochs): Promise<void> {
    if (this.#fills >= MAX_FILLS) return;
    this.#fills += 1;
    try {
      const record = await this.#o.database.read(id);
      if (record !== undefined) await this.#fill(record, epochs, fillToken);
    } catch {
      // An absent entry is never wrong; the next reader fills it.
    } finally {
      this.#fills -= 1;
    }
  }

  #slow(id: string, nowMs: number): Promise<ReadResult> {
    const { counters, floors, cache } = this.#o;
    if (cache === undefined || nowMs >= this.#o.usableUntilMs() || this.#isUnknown(id, nowMs))
      return this.#bypass(id);
    const floor = floors.get(id);
    const { generation } = this.#o.l1;
    const flight = this.#flights.get(id);
    // A flight that began before the floor rose, or before memory was emptied, may come back with what was before.
    if (flight !== undefined && flight.floor === floor && flight.generation === generation) {
      counters.coalesced += 1;
      return flight.result;
    }
    const result = this.#throughTiers(id, floor, cache);
    if (this.#flights.size < MAX_FLIGHTS) {
      const own = { floor, generation, result };
      this.#flights.set(id, own);
      const land = () => {
        if (this.#flights.get(id) === own) this.#flights.delete(id);
      };
      result.then(land, land);
    }
    return result;
  }

  #isUnknown(id: string, nowMs: number): boolean {
    const until = this.#unknown.get(id);
    if (until === undefined) return false;
    if (nowMs < until) return true;
    this.#unknown.delete(id);
    return false;
  }

  async #throughTiers(id: string, floor: number, cache: SessionCache): Promise<ReadResult> {
    const { counters, traced } = this.#o;
    const epochs = this.#o.epochs();
    const { generation } = this.#o.l1;
    let fillToken: string | undefined;
    try {
      const answer = await cache.get(id, epochs, floor);
      if (answer.kind !== 'miss') {
        const record: SessionRecord =
          answer.kind === 'hit' ? answer.row : { id, rev: answer.rev, deleted: true };
        if (answer.kind === 'hit') counters.redisHits += 1;
        else counters.tombstones += 1;
        traced?.('HIT', id);
        this.#o.floors.confirm(id, record.rev, performance.now());
        this.#keep(record, generation);
        return { row: presentRow(record), source: 'redis', stale: false };
      }
      fillToken = answer.fillToken;
    } catch {
      return this.#bypass(id);
    }
    traced?.('MISS', id);
    const record = await this.#fromDatabase(id, 'misses');
    if ('stale' in record) return record;
    if (record.record !== undefined) {
      this.#keep(record.record, generation);
      if (fillToken !== undefined) void this.#fill(record.record, epochs, fillToken);
    }
    return { row: presentRow(record.record), source: 'database', stale: false };
  }

  async #bypass(id: string): Promise<ReadResult> {
    const answer = await this.#fromDatabase(id, 'bypassed');
    if ('stale' in answer) return answer;
    return { row: presentRow(answer.record), source: 'database', stale: false };
  }

  /**
   * What the database says. A statement that began before a write of which this server has heard may not know it: then it is
   * asked once more. When it can't be asked, the tiers answer what they have, marked so.
   */
  async #fromDatabase(
    id: string,
    source: 'misses' | 'bypassed',
  ): Promise<{ record: SessionRecord | undefined } | ReadResult> {
    const { database, floors, counters } = this.#o;
    try {
      const floor = floors.get(id);
      let record = await database.read(id);
      if ((record?.rev ?? 0) < floor) record = await database.read(id);
      counters[source] += 1;
      if (record !== undefined) {
        this.#o.l1.dropBelow(id, record.rev);
        floors.remember(id, record.rev, performance.now());
      }
      return { record };
    } catch (thrown) {
      const last = await this.#lastKnown(id);
      if (last === undefined) {
        counters.errors += 1;
        throw thrown;
      }
      counters.staleReads += 1;
      return last;
    }
  }

  /** What a tier has, however old it may be. */
  async #lastKnown(id: string): Promise<ReadResult | undefined> {
    const { l1, cache, counters } = this.#o;
    const entry = l1.peek(id);
    if (entry !== undefined) {
      counters.l1Hits += 1;
      return { row: presentRow(entry.record), source: 'l1', stale: true };
    }
    try {
      const answer = await cache?.get(id, this.#o.epochs(), this.#o.floors.get(id));
      if (answer === undefined || answer.kind === 'miss') return undefined;
      counters.redisHits += 1;
      return { row: answer.kind === 'hit' ? answer.row : undefined, source: 'redis', stale: true };
    } catch {
      return undefined;
    }
  }

  /** Into memory, unless something newer is known or memory was emptied since the read began. */
  #keep(record: SessionRecord, generation: number): void {
    const nowMs = performance.now();
    if (generation !== this.#o.l1.generation) return;
    if (record.rev < this.#o.floors.get(record.id) || this.#isUnknown(record.id, nowMs)) return;
    if (nowMs < this.#o.usableUntilMs()) this.#o.l1.put(record, nowMs);
  }

  async #fill(record: SessionRecord, epochs: Epochs, fillToken: string): Promise<void> {
    const { cache, counters, floors } = this.#o;
    try {
      const outcome = await cache?.fill(record, epochs, fillToken);
      if (outcome === 'stored' || outcome === 'older')
        floors.confirm(record.id, record.rev, performance.now());
      if (outcome === 'noToken') counters.fillRejections += 1;
      else if (outcome !== undefined && outcome !== 'stored') counters.casRejections += 1;
    } catch {
      // The token lapses; the next reader fills.
    }
  }
}

function rowOf({ row }: ReadResult): SessionRow | undefined {
  return row;
}
