import { setTimeout as pause } from 'node:timers/promises';
import type { ReadCounters, SessionRow } from '@triterm/core/store';
import { figuresOf } from '../figures.ts';
import { randomFrom, Zipf } from '../zipf.ts';
import type { Place } from './place.ts';
import { bentoMemory, READERS, type Reader, type ReaderName } from './readers.ts';

const EXPONENT = 0.99;
/** Reads between two writes: 1 % of all are writes. */
const SPAN = 99;
/** Timed together. So short that most chunks are over before the system gives the core to somebody else. */
const CHUNK = 2000;
/** In between, heartbeats and invalidations have their turn. */
const CHUNKS_AT_ONCE = 10;

const opened = new Map<ReaderName, Promise<Reader>>();

export interface ReadsOptions {
  readonly peer: ReaderName;
  readonly reads: number;
  readonly seed: number;
}

export interface ReadsDone {
  readonly reads: number;
  /** The time of all reads together, without the writes. */
  readonly readMs: number;
  /** Of the hybrid store: what answered them. */
  readonly counters: ReadCounters;
}

/** Reads and writes as a server does: one call after the other, the wanted ones often. Everything was read once before. */
export async function reads(place: Place, { peer, reads: wanted, seed }: ReadsOptions): Promise<ReadsDone> {
  const { sessions } = place.store;
  let opening = opened.get(peer);
  if (opening === undefined) {
    opening = READERS[peer](place);
    opened.set(peer, opening);
  }
  const reader = await opening;
  await place.untilUp();
  for (const id of place.ids) await reader.read(id);
  const draw = drawing(place, seed);
  const spans = Math.ceil(wanted / SPAN);
  const before = sessions.stats().reads;
  let readMs = 0;
  for (let span = 0; span < spans; span += 1) {
    const ids = Array.from({ length: SPAN }, draw);
    const startedMs = performance.now();
    for (const id of ids) await reader.read(id);
    readMs += performance.now() - startedMs;
    await reader.write(draw());
  }
  return { reads: spans * SPAN, readMs, counters: difference(sessions.stats().reads, before) };
}

/** Prepares a peer, so that no other one waits for it in the first round. */
export async function openReader(place: Place, { peer }: Pick<ReadsOptions, 'peer'>): Promise<void> {
  await reads(place, { peer, reads: SPAN, seed: 0 });
}

export interface MemoryDone {
  /** Microseconds a read in the median chunk, by peer. */
  readonly microseconds: Readonly<Record<string, number>>;
  /** Reads of the hybrid store that its memory did not answer. */
  readonly missed: number;
}

let memory: Promise<Readonly<Record<string, (id: string) => Promise<unknown>>>> | undefined;

/** Reads of what lies in this process' memory, in a tight loop. */
export async function memoryReads(
  place: Place,
  { reads: wanted, seed }: Omit<ReadsOptions, 'peer'>,
): Promise<MemoryDone> {
  const { sessions } = place.store;
  memory ??= memoryReaders(place);
  await place.untilUp();
  for (const id of place.ids) await sessions.get(id);
  const draw = drawing(place, seed);
  const microseconds: Record<string, number> = {};
  const before = sessions.stats().reads;
  for (const [peer, read] of Object.entries(await memory)) {
    const chunks: number[] = [];
    while (chunks.length * CHUNK < wanted) {
      if (chunks.length % CHUNKS_AT_ONCE === 0) await pause(1);
      const ids = Array.from({ length: CHUNK }, draw);
      const startedMs = performance.now();
      for (const id of ids) await read(id);
      chunks.push(((performance.now() - startedMs) * 1000) / CHUNK);
    }
    microseconds[peer] = figuresOf(chunks).p50;
  }
  const { reads: all, l1Hits } = difference(sessions.stats().reads, before);
  return { microseconds, missed: all - l1Hits };
}

async function memoryReaders(place: Place): Promise<Record<string, (id: string) => Promise<unknown>>> {
  const { sessions } = place.store;
  const caches = { serialized: bentoMemory(true), shared: bentoMemory(false) };
  const map = new Map<string, SessionRow>();
  for (const id of place.ids) {
    const value = await place.bareRow(id);
    map.set(id, value);
    for (const cache of Object.values(caches)) await cache.set({ key: id, value });
  }
  return {
    triterm: id => sessions.get(id),
    'bento L1': key => caches.serialized.get({ key }),
    'bento L1, not serialized': key => caches.shared.get({ key }),
    Map: async id => map.get(id),
  };
}

function drawing({ ids }: Place, seed: number): () => string {
  const zipf = new Zipf(ids.length, EXPONENT);
  const random = randomFrom(seed);
  return () => ids[zipf.draw(random())] ?? '';
}

function difference(after: ReadCounters, before: ReadCounters): ReadCounters {
  return {
    reads: after.reads - before.reads,
    l1Hits: after.l1Hits - before.l1Hits,
    redisHits: after.redisHits - before.redisHits,
    tombstones: after.tombstones - before.tombstones,
    misses: after.misses - before.misses,
    coalesced: after.coalesced - before.coalesced,
    bypassed: after.bypassed - before.bypassed,
    errors: after.errors - before.errors,
  };
}
