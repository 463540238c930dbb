import { randomUUID } from 'node:crypto';
import { TermError } from '../../errors/index.ts';
import { decodeEntry, describeEntry, encodeEntry, judgeEntry } from '../cache-entry.ts';
import type { Epochs } from '../database.ts';
import { changeMessage } from '../hybrid/invalidation.ts';
import type { CacheAnswer, CachedEntry, FillOutcome, PutOutcome, SessionCache } from '../session-cache.ts';
import { isTombstone, type SessionRecord } from '../session-store.ts';
import { EVENT_CHANNEL } from './key-names.ts';
import type { RedisLink } from './redis-link.ts';
import { SESSION_FILL } from './scripts/session-fill.ts';
import { SESSION_PUT } from './scripts/session-put.ts';

/** How long entries stand; never extended by reads. */
export interface CacheTtls {
  readonly sessionTtlMs: number;
  readonly tombstoneTtlMs: number;
}

export const DEFAULT_CACHE_TTLS: CacheTtls = { sessionTtlMs: 3_600_000, tombstoneTtlMs: 3_600_000 };
/** A reader that has not read the database by then is too slow to fill. */
export const FILL_TOKEN_TTL_MS = 2000;

/** Sessions in Redis under `triterm:session:<id>`. */
export class RedisSessionCache implements SessionCache {
  readonly #link: RedisLink;
  readonly #ttls: CacheTtls;

  constructor(link: RedisLink, ttls: CacheTtls = DEFAULT_CACHE_TTLS) {
    this.#link = link;
    this.#ttls = ttls;
  }

  async get(id: string, epochs: Epochs, floor: number): Promise<CacheAnswer> {
    const key = this.#link.keys.session(id);
    const text = await this.#link.command('session-get', client => client.get(key));
    const judged = judgeEntry(text === null ? undefined : decodeEntry(text, id), epochs, floor);
    if (typeof judged !== 'string') return judged;
    return { kind: 'miss', reason: judged, fillToken: await this.#takeToken(id) };
  }

  async put(record: SessionRecord, epochs: Epochs): Promise<PutOutcome> {
    const call = this.#putCall(record, epochs);
    return call.outcome(await this.#link.script(SESSION_PUT, call.keys, call.args));
  }

  async putAll(records: readonly SessionRecord[], epochs: Epochs): Promise<PutOutcome[]> {
    const calls = records.map(record => this.#putCall(record, epochs));
    const answers = await this.#link.scripts(SESSION_PUT, calls);
    return calls.map(({ outcome }, index) => outcome(answers[index]));
  }

  async fill(record: SessionRecord, epochs: Epochs, fillToken: string): Promise<FillOutcome> {
    const outcome = await this.#link.script(SESSION_FILL, this.#keys(record.id), [
      ...this.#entryArgs(record, epochs),
      fillToken,
    ]);
    return oneOf<FillOutcome>(['stored', 'older', 'epoch', 'noToken'], outcome);
  }

  async inspect(id: string): Promise<CachedEntry | undefined> {
    const key = this.#link.keys.session(id);
    const [text, ttlMs] = await this.#link.command('session-inspect', client =>
      Promise.all([client.get(key), client.pttl(key)]),
    );
    return text === null ? undefined : describeEntry(text, Math.max(0, ttlMs));
  }

  async invalidate(id: string): Promise<boolean> {
    const [entry, token] = this.#keys(id);
    const [removed] = await this.#link.command('session-invalidate', client =>
      Promise.all([client.del(entry), client.del(token)]),
    );
    return removed > 0;
  }

  /** The leave to fill, unless another reader has it. A miss is an answer also where it can't be had. */
  async #takeToken(id: string): Promise<string | undefined> {
    const token = newFillToken();
    try {
      return (await this.#setToken(id, token)) ? token : undefined;
    } catch {
      return undefined;
    }
  }

  async #setToken(id: string, token: string): Promise<boolean> {
    const key = this.#link.keys.fillToken(id);
    const answer = await this.#link.command('session-miss', client =>
      client.set(key, token, 'PX', FILL_TOKEN_TTL_MS, 'NX'),
    );
    return answer === 'OK';
  }

  #putCall(record: SessionRecord, epochs: Epochs) {
    const fillToken = newFillToken();
    return {
      keys: this.#keys(record.id),
      args: [
        ...this.#entryArgs(record, epochs),
        fillToken,
        FILL_TOKEN_TTL_MS,
        EVENT_CHANNEL,
        changeMessage(record),
      ],
      outcome: (answer: unknown): PutOutcome => {
        const kind = oneOf(['stored', 'older', 'epoch', 'absent'], answer);
        return kind === 'absent' ? { kind, fillToken } : { kind };
      },
    };
  }

  #entryArgs(record: SessionRecord, epochs: Epochs): (string | number)[] {
    const ttlMs = isTombstone(record) ? this.#ttls.tombstoneTtlMs : this.#ttls.sessionTtlMs;
    return [encodeEntry(record, epochs), epochs.db, epochs.cache, record.rev, ttlMs];
  }

  #keys(id: string): [entry: string, token: string] {
    return [this.#link.keys.session(id), this.#link.keys.fillToken(id)];
  }
}

/** One for each put: Node fetches the random bytes of UUIDs in advance, which costs a tenth of asking for them each time. */
function newFillToken(): string {
  return randomUUID();
}

function oneOf<T extends string>(known: readonly T[], answer: unknown): T {
  const found = known.find(each => each === answer);
  if (found === undefined) throw new TermError('INTERNAL', `A script in Redis returned ${String(answer)}.`);
  return found;
}
