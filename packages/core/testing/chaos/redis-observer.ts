import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { decodeEntry } from '../../src/store/cache-entry.ts';
import { KEY_PREFIX } from '../../src/store/redis/key-names.ts';
import { isTombstone, type SessionRecord } from '../../src/store/session-store.ts';
import { nowMs, type Observation, observe, type RedisEvent } from './history.ts';

const SESSION = `${KEY_PREFIX}session:`;
const RETRY_MS = 50;

/** Sees every change of a session's key in the order in which Redis makes them, by MONITOR, until it is closed. */
export class RedisObserver {
  readonly #port: number;
  readonly #onEvent: (event: RedisEvent) => void;
  #socket: Socket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(port: number, onEvent: (event: RedisEvent) => void) {
    this.#port = port;
    this.#onEvent = onEvent;
    this.#connect();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket?.destroy();
  }

  #connect(): void {
    const socket = connect({ host: '127.0.0.1', port: this.#port });
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('close', () => {
      if (!this.#closed) this.#timer = setTimeout(() => this.#connect(), RETRY_MS);
    });
    const lines = createInterface({ input: socket });
    lines.on('error', () => {});
    lines.on('line', line => {
      // What happened before is not known.
      if (line === '+OK') this.#onEvent({ kind: 'gone', atMs: nowMs(), id: undefined });
      else this.#take(wordsOf(line));
    });
    socket.write('MONITOR\r\n');
  }

  #take([name = '', ...args]: readonly string[]): void {
    const [key = '', value = ''] = args;
    const command = name.toLowerCase();
    const atMs = nowMs();
    if (command === 'flushall' || command === 'flushdb') {
      this.#onEvent({ kind: 'gone', atMs, id: undefined });
    } else if (command === 'del' || command === 'unlink') {
      for (const gone of args)
        if (gone.startsWith(SESSION)) this.#onEvent({ kind: 'gone', atMs, id: gone.slice(SESSION.length) });
    } else if (command === 'set' && key.startsWith(SESSION)) {
      this.#stored(key.slice(SESSION.length), value, atMs);
    }
  }

  #stored(id: string, text: string, atMs: number): void {
    const entry = decodeEntry(text, id);
    if (entry === undefined || id.startsWith('-')) return;
    this.#onEvent({ kind: 'set', atMs, id, epoch: entry.epoch, seen: observationOf(entry.record) });
  }
}

/** A line of MONITOR: `+<time> [<db> <client>] "command" "argument" …`. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = '']) => word.replace(/\\(.)/g, '$1'));
}

export function observationOf(record: SessionRecord): Observation {
  return isTombstone(record) ? { rev: record.rev, deleted: true, digest: '' } : observe(record);
}
