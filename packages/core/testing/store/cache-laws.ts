import { isDeepStrictEqual } from 'node:util';
import type { Epochs, SessionCache, SessionRecord } from '@triterm/core/store';
import fc from 'fast-check';
import { type ChaosOptions, seededRandom, withChaos } from '../chaos-wrapper.ts';
import { exampleRow, tombstone } from './cache-contract.ts';

/** What a server may do, or what may happen to it. */
export type CacheStep = 'write' | 'delete' | 'read' | 'evict' | 'lapse' | 'bump';

export interface LawSubject {
  /** As server number `server` has it; faults are put around it here. */
  cache(server: number): SessionCache;
  /** Without faults, and always over the same connection: what it is asked is answered in order. */
  readonly observer: SessionCache;
  evict(id: string): Promise<void>;
  lapseToken(id: string): Promise<void>;
  /** Lets others go on, for a time between 0 and 1 of the longest pause. */
  pause(share: number): Promise<void>;
  /** Different ones in every run. */
  newId(): string;
}

/** Steps of several servers that run at once, and the seed of their luck. */
export const anyCacheRun = fc.record({
  seed: fc.integer(),
  servers: fc.array(
    fc.array(
      fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom<CacheStep>('write', 'read') },
        { weight: 2, arbitrary: fc.constantFrom<CacheStep>('evict', 'delete') },
        { weight: 1, arbitrary: fc.constantFrom<CacheStep>('lapse', 'bump') },
      ),
      { minLength: 1, maxLength: 8 },
    ),
    { minLength: 2, maxLength: 5 },
  ),
});

type CacheRun = typeof anyCacheRun extends fc.Arbitrary<infer T> ? T : never;

/**
 * Runs servers on one id, with calls that are late or fail before or after they were carried out, and checks:
 * - once a put was acknowledged, no entry of its epoch is older, evictions or not (no resurrection);
 * - the version of an entry never goes down within its epoch while it is not evicted;
 * - an entry is what the database committed under its version, and never newer than that.
 */
export async function checkCacheLaws(subject: LawSubject, { seed, servers }: CacheRun): Promise<void> {
  const random = seededRandom(seed);
  const database = new Database(subject.newId());
  const laws = new Laws(database, subject.observer);
  const chaos: ChaosOptions = {
    random,
    failBefore: 0.08,
    failAfter: 0.08,
    pause: () => subject.pause(random()),
  };
  const pause = () => subject.pause(random());
  await Promise.all(
    servers.map(async (steps, index) => {
      const server = new Server(withChaos(subject.cache(index), chaos), database, laws, pause);
      for (const step of steps) {
        await pause();
        if (step === 'evict') await laws.evict(() => subject.evict(database.id));
        else if (step === 'lapse') await subject.lapseToken(database.id);
        else if (step === 'bump') database.bump();
        else await server.take(step);
        await laws.look();
      }
    }),
  );
  await laws.look();
}

/** The truth: every revision that was committed. */
class Database {
  readonly id: string;
  readonly history: SessionRecord[] = [];
  epochs: Epochs = { db: 'db1', cache: 1 };

  constructor(id: string) {
    this.id = id;
    this.commit(false);
  }

  get current(): SessionRecord {
    const last = this.history.at(-1);
    if (last === undefined) throw new Error('the database is empty');
    return last;
  }

  commit(isDelete: boolean): SessionRecord {
    const rev = this.history.length + 1;
    const record = isDelete ? tombstone(this.id, rev) : exampleRow(this.id, rev);
    this.history.push(record);
    return record;
  }

  bump(): void {
    this.epochs = { ...this.epochs, cache: this.epochs.cache + 1 };
  }
}

/** A server as it is to use the cache. */
class Server {
  readonly #cache: SessionCache;
  readonly #database: Database;
  readonly #laws: Laws;
  readonly #pause: () => Promise<void>;

  constructor(cache: SessionCache, database: Database, laws: Laws, pause: () => Promise<void>) {
    this.#cache = cache;
    this.#database = database;
    this.#laws = laws;
    this.#pause = pause;
  }

  async take(step: 'write' | 'delete' | 'read'): Promise<void> {
    // It may have heard of the epoch a while ago.
    const { epochs } = this.#database;
    await this.#pause();
    if (step === 'read') await this.#read(epochs);
    else await this.#write(epochs, step === 'delete');
  }

  async #write(epochs: Epochs, isDelete: boolean): Promise<void> {
    const record = this.#database.commit(isDelete);
    await this.#pause();
    const outcome = await this.#cache.put(record, epochs).catch(() => undefined);
    if (outcome === undefined) return;
    this.#laws.acknowledged(record.rev, epochs);
    if (outcome.kind === 'absent') await this.#fill(epochs, outcome.fillToken);
  }

  async #read(epochs: Epochs): Promise<void> {
    const check = this.#laws.expect(epochs.cache);
    const answer = await this.#cache.get(this.#database.id, epochs, 0).catch(() => undefined);
    if (answer?.kind === 'hit') check(answer.row);
    if (answer?.kind === 'deleted') check(tombstone(this.#database.id, answer.rev));
    if (answer?.kind === 'miss' && answer.fillToken !== undefined) await this.#fill(epochs, answer.fillToken);
  }

  async #fill(epochs: Epochs, fillToken: string): Promise<void> {
    await this.#pause();
    const record = this.#database.current;
    await this.#pause();
    await this.#cache.fill(record, epochs, fillToken).catch(() => undefined);
  }
}

class Laws {
  readonly #database: Database;
  readonly #observer: SessionCache;
  /** By cache epoch: the highest revision whose put was acknowledged. */
  readonly #acknowledged = new Map<number, number>();
  #evictions = 0;
  #seen: { cache: number; version: number; evictions: number } | undefined;

  constructor(database: Database, observer: SessionCache) {
    this.#database = database;
    this.#observer = observer;
  }

  acknowledged(rev: number, { cache }: Epochs): void {
    this.#acknowledged.set(cache, Math.max(rev, this.#acknowledged.get(cache) ?? 0));
  }

  /** What a record must be that is asked for now. */
  expect(cache: number): (record: SessionRecord) => void {
    const floor = this.#acknowledged.get(cache) ?? 0;
    return record => {
      if (record.rev < floor)
        throw new Error(`version ${record.rev} came back after ${floor} was acknowledged`);
      if (!isDeepStrictEqual(record, this.#database.history[record.rev - 1]))
        throw new Error(`version ${record.rev} is not what was committed`);
    };
  }

  async evict(work: () => Promise<void>): Promise<void> {
    this.#evictions += 1;
    await work();
    this.#evictions += 1;
  }

  /** Looks at the entry as it stands. */
  async look(): Promise<void> {
    const evictions = this.#evictions;
    const floors = new Map(this.#acknowledged);
    const entry = await this.#observer.inspect(this.#database.id);
    if (entry === undefined) return;
    const cache = Number(entry.epoch.split('.')[1]);
    const { version } = entry;
    const before = this.#seen;
    this.#seen = { cache, version, evictions };
    if (version < (floors.get(cache) ?? 0))
      throw new Error(`an entry of version ${version} stands after ${floors.get(cache)} was acknowledged`);
    if (before?.cache === cache && before.evictions === evictions && version < before.version)
      throw new Error(`the version went down from ${before.version} to ${version}`);
    if (before !== undefined && cache < before.cache && before.evictions === evictions)
      throw new Error(`the epoch went down from ${before.cache} to ${cache}`);
  }
}
