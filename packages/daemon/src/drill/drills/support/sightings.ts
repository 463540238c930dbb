import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { presentRow, type Store } from '@triterm/core/store';
import { cacheOf } from './cached-session.ts';

const LOOK_MS = 5;

/**
 * Looks at a session again and again, as Redis has it, as a server reads it and as the database has it: versions must never go back,
 * and what is of the same version must be the same everywhere.
 */
export class Sightings {
  looks = 0;
  /** The first thing that should not have been seen, in words. */
  fault: string | undefined;
  readonly #store: Store;
  readonly #id: string;
  readonly #docs = new Map<number, unknown>();
  /** The latest version that each place has shown. */
  readonly #latest = new Map<string, number>();
  readonly #cached: { readonly atMs: number; readonly version: number }[] = [];
  #stopped = false;
  #watching: Promise<void> = Promise.resolve();

  private constructor(store: Store, id: string) {
    this.#store = store;
    this.#id = id;
  }

  /** `version`: what every place has at the beginning. */
  static begin(store: Store, id: string, version: number): Sightings {
    const sightings = new Sightings(store, id);
    for (const place of ['Redis', 'a read', 'the database']) sightings.#latest.set(place, version);
    sightings.#watching = sightings.#watch();
    return sightings;
  }

  /** What Redis had when it was looked at last before that time; 0 before the first look. */
  cachedAt(atMs: number): number {
    return this.#cached.findLast(sighting => sighting.atMs <= atMs)?.version ?? 0;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#watching;
  }

  async #watch(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#look();
      } catch (thrown) {
        this.fault ??= thrown instanceof Error ? thrown.message : String(thrown);
      }
      await pause(LOOK_MS);
    }
  }

  async #look(): Promise<void> {
    const entry = await cacheOf(this.#store).inspect(this.#id);
    this.#saw('Redis', entry?.version, entry?.value.doc);
    if (entry !== undefined) this.#cached.push({ atMs: performance.now(), version: entry.version });
    const { row } = await this.#store.sessions.read(this.#id);
    this.#saw('a read', row?.rev, row?.doc);
    const stored = presentRow(await this.#store.database.read(this.#id));
    this.#saw('the database', stored?.rev, stored?.doc);
    this.looks += 1;
  }

  #saw(place: string, version: number | undefined, doc: unknown): void {
    const latest = this.#latest.get(place) ?? 0;
    if (version === undefined || version < latest)
      this.fault ??= `${place} had ${version === undefined ? 'nothing whole' : `version ${version}`} after version ${latest}`;
    if (version === undefined) return;
    this.#latest.set(place, Math.max(latest, version));
    const known = this.#docs.get(version);
    if (known === undefined) this.#docs.set(version, doc);
    else if (!isDeepStrictEqual(known, doc)) this.fault ??= `${place} had another version ${version}`;
  }
}
