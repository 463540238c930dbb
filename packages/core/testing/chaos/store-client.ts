import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Operation, Stall } from './history.ts';
import type { ModeChange, Order, Report, StoreProcessOptions } from './orders.ts';

const PROGRAM = fileURLToPath(new URL('./store-process.ts', import.meta.url));
const READY_DEADLINE_MS = 20_000;
const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';

export interface StoreClientOptions extends StoreProcessOptions {
  /** The wall clock of the process is off by so many hours; its monotonic clock is not. */
  readonly clockOffsetHours?: number;
}

export interface Done {
  readonly outcome: string;
  readonly tookMs: number;
  readonly value?: unknown;
}

/** What the process tells beside the answers to its orders. */
export interface StoreListener {
  operation(operation: Operation): void;
  stall(stall: Stall): void;
  mode(server: number, atMs: number, change: ModeChange): void;
  /** It ended by itself, which no store may do. */
  died(server: number, why: string): void;
}

type OrderBody<T> = T extends { readonly n: number } ? Omit<T, 'n'> : never;
export type OrderOf = OrderBody<Order>;

/** A store process, seen from the test. Orders to one that is killed end with `killed`. */
export class StoreClient {
  readonly server: number;
  readonly life: number;
  readonly #child: ChildProcess;
  readonly #open = new Map<number, (done: Done) => void>();
  readonly #ready = Promise.withResolvers<void>();
  readonly #exited: Promise<unknown>;
  #stderr = '';
  #killed = false;

  constructor(options: StoreClientOptions, listener: StoreListener) {
    this.server = options.server;
    this.life = options.life;
    const { clockOffsetHours, ...rest } = options;
    const faked =
      clockOffsetHours === undefined || clockOffsetHours === 0
        ? {}
        : {
            LD_PRELOAD: FAKETIME,
            FAKETIME: `${clockOffsetHours > 0 ? '+' : ''}${clockOffsetHours}h`,
            FAKETIME_DONT_FAKE_MONOTONIC: '1',
          };
    this.#child = spawn(
      process.execPath,
      ['--conditions=@triterm/source', '--no-warnings', PROGRAM, JSON.stringify(rest)],
      {
        stdio: ['pipe', 'pipe', 'pipe'],
        env: { ...process.env, ...faked },
      },
    );
    this.#child.stdin?.on('error', () => {});
    this.#child.stderr?.on('data', chunk => {
      this.#stderr = (this.#stderr + String(chunk)).slice(-10_000);
    });
    this.#ready.promise.catch(() => {});
    if (this.#child.stdout !== null)
      createInterface({ input: this.#child.stdout }).on('line', line =>
        this.#take(JSON.parse(line), listener),
      );
    this.#exited = once(this.#child, 'close').then(() => {
      this.#ready.reject(new Error(`store process ${this.server} ended: ${this.#stderr}`));
      for (const settle of this.#open.values()) settle({ outcome: 'killed', tookMs: 0 });
      this.#open.clear();
      if (!this.#killed) listener.died(this.server, this.#stderr || `status ${this.#child.exitCode}`);
    });
  }

  /** Resolves when the store is open. Rejects with what kept it from opening, or at a deadline. */
  async ready(): Promise<void> {
    const timer = setTimeout(
      () => this.#ready.reject(new Error(`store process ${this.server} did not open: ${this.#stderr}`)),
      READY_DEADLINE_MS,
    );
    try {
      await this.#ready.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  get alive(): boolean {
    return !this.#killed;
  }

  get pending(): number {
    return this.#open.size;
  }

  send(n: number, order: OrderOf): Promise<Done> {
    if (this.#killed) return Promise.resolve({ outcome: 'killed', tookMs: 0 });
    return new Promise(resolve => {
      this.#open.set(n, resolve);
      this.#child.stdin?.write(`${JSON.stringify({ ...order, n })}\n`);
    });
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(name);
  }

  async kill(): Promise<void> {
    this.#killed = true;
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  #take(message: Report, listener: StoreListener): void {
    switch (message.report) {
      case 'ready':
        this.#ready.resolve();
        return;
      case 'failed':
        this.#killed = true;
        this.#ready.reject(new Error(`${message.code}: ${message.message}`));
        return;
      case 'operation':
        listener.operation(message.operation);
        return;
      case 'stall':
        listener.stall({ server: this.server, startMs: message.startMs, endMs: message.endMs });
        return;
      case 'mode':
        listener.mode(this.server, message.atMs, message.change);
        return;
      case 'done': {
        const settle = this.#open.get(message.n);
        this.#open.delete(message.n);
        settle?.({ outcome: message.outcome, tookMs: message.tookMs, value: message.value });
      }
    }
  }
}
