import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { DEFAULT_STORE_SETTINGS, type Store } from '@triterm/core/store';
import { openStore } from '@triterm/core/store/open-store';
import { exampleDoc, USER } from '../sessions.ts';
import type { Place } from './place.ts';

const AT_ONCE = 200;
const WORKER = new URL('../../../packages/core/src/store/sqlite/worker.ts', import.meta.url);

export interface FileOptions {
  readonly file: string;
  readonly sessions: number;
  readonly userId: string;
}

export interface ListOptions {
  readonly times: number;
  /** A file of SQLite; else the store's own database. */
  readonly file?: string;
}

const files = new Map<string, Promise<Store>>();

function openFile(file: string): Promise<Store> {
  let opening = files.get(file);
  if (opening === undefined) {
    opening = openStore({
      database: { kind: 'sqlite', file, workerUrl: WORKER, execArgv: ['--conditions=@triterm/source'] },
      redis: undefined,
      server: { id: 'bench', hostId: 'bench', bootId: 'bench', stateDir: dirname(file), advertiseUrl: null },
      settings: DEFAULT_STORE_SETTINGS,
    });
    files.set(file, opening);
  }
  return opening;
}

/** Makes a file with sessions that have ended a moment ago, of the server that a daemon here is unless told otherwise. */
export async function makeFile(_place: Place, { file, sessions, userId }: FileOptions): Promise<void> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const store = await openFile(file);
  const doc = { ...exampleDoc(), pid: null, hostId: null, exitCode: 0, endedAt: new Date().toISOString() };
  const make = (index: number) =>
    store.sessions.create(
      {
        id: `session-${index}`,
        userId,
        name: `name-${index}`,
        ownerServer: hostname(),
        state: 'exited',
        doc,
      },
      { limit: sessions },
    );
  for (let made = 0; made < sessions; made += AT_ONCE)
    await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, sessions - made) }, (_, index) => make(made + index)),
    );
  files.delete(file);
  await store.close();
}

/** Milliseconds of each list, and how many sessions were in it. */
export async function lists(
  place: Place,
  { times, file }: ListOptions,
): Promise<{ ms: number[]; sessions: number }> {
  const store = file === undefined ? place.store : await openFile(file);
  const ms: number[] = [];
  let sessions = 0;
  for (let time = 0; time < times; time += 1) {
    const startedMs = performance.now();
    sessions = (await store.sessions.list(USER)).length;
    ms.push(performance.now() - startedMs);
  }
  return { ms, sessions };
}
