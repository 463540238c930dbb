import type { ReadCounters } from '../../src/store/hybrid/stats.ts';
import { nowMs, type Operation, type Stall } from './history.ts';
import type { StatsValue } from './orders.ts';
import { type Done, type OrderOf, StoreClient } from './store-client.ts';
import type { World } from './world.ts';

const START_DEADLINE_MS = 20_000;
const START_RETRY_MS = 200;
const MODES_AROUND_MS = 4000;
const MAX_MODES = 2000;

export interface FleetOptions {
  readonly leaseMs: number;
  readonly l1TtlMs: number;
  /** The wall clocks of servers, hours off; 0 unless given. */
  readonly clockOffsetsHours: readonly number[];
  readonly warmEntries: number;
}

export interface FleetListener {
  operation(operation: Operation): void;
  stall(stall: Stall): void;
}

/** The store processes of a world: one for each server at a time. */
export class Fleet {
  readonly #world: World;
  readonly #options: FleetOptions;
  readonly #clients: StoreClient[] = [];
  readonly #lives: number[] = [];
  /** By server: the sockets of each terminal that its process has. */
  readonly #sockets: Map<string, Set<string>>[] = [];
  readonly #counted = new Map<StoreClient, ReadCounters>();
  readonly #modes: { server: number; atMs: number; text: string }[] = [];
  readonly deaths: string[] = [];
  #listener: FleetListener | undefined;
  #order = 0;

  private constructor(world: World, options: FleetOptions) {
    this.#world = world;
    this.#options = options;
  }

  static async start(world: World, options: FleetOptions): Promise<Fleet> {
    const fleet = new Fleet(world, options);
    try {
      // The first one makes the tables.
      for (let server = 0; server < world.options.servers; server += 1) await fleet.start(server);
      return fleet;
    } catch (error) {
      await fleet.dispose();
      throw error;
    }
  }

  get size(): number {
    return this.#clients.length;
  }

  get leaseMs(): number {
    return this.#options.leaseMs;
  }

  listen(listener: FleetListener): void {
    this.#listener = listener;
  }

  /** A new process of this server; tried again while what it needs is away. */
  async start(server: number): Promise<void> {
    const endMs = nowMs() + START_DEADLINE_MS;
    for (;;) {
      const client = this.#spawn(server);
      try {
        await client.ready();
        return;
      } catch (error) {
        await client.kill();
        if (nowMs() > endMs) throw error;
        await new Promise(resolve => setTimeout(resolve, START_RETRY_MS));
      }
    }
  }

  async kill(server: number): Promise<void> {
    this.#sockets[server]?.clear();
    await this.#clients[server]?.kill();
  }

  signal(server: number, name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#clients[server]?.signal(name);
  }

  async send(server: number, order: OrderOf): Promise<Done> {
    const client = this.#clients[server];
    if (client === undefined) return { outcome: 'killed', tookMs: 0 };
    const done = await client.send(++this.#order, order);
    if ('socket' in order && done.outcome === 'ok' && this.#clients[server] === client && client.alive)
      this.#note(server, order);
    return done;
  }

  async stats(): Promise<(StatsValue | undefined)[]> {
    const answers = await Promise.all(this.#clients.map((_, server) => this.send(server, { do: 'stats' })));
    return answers.map(({ value }) => value as StatsValue | undefined);
  }

  /** What each takes Redis for; null where there is none. */
  async states(): Promise<(string | null | undefined)[]> {
    return (await this.stats()).map(value => value?.state);
  }

  /** What was read since this was asked last. */
  newReads(server: number, { stats }: StatsValue): ReadCounters {
    const client = this.#clients[server];
    const before = client && this.#counted.get(client);
    if (client !== undefined) this.#counted.set(client, stats.reads);
    const entries = Object.entries(stats.reads).map(([source, count]) => [
      source,
      count - (before?.[source as keyof ReadCounters] ?? 0),
    ]);
    return Object.fromEntries(entries);
  }

  liveSockets(): Map<string, Set<string>> {
    const all = new Map<string, Set<string>>();
    for (const terminals of this.#sockets)
      for (const [terminal, sockets] of terminals)
        all.set(terminal, new Set([...(all.get(terminal) ?? []), ...sockets]));
    return all;
  }

  pending(): string[] {
    return this.#clients.map(({ server, pending }) => `server ${server}: ${pending}`);
  }

  /** Changes of mode around a time, for a report. */
  modes(aroundMs = nowMs()): string[] {
    return this.#modes
      .filter(({ atMs }) => Math.abs(atMs - aroundMs) < MODES_AROUND_MS)
      .map(
        ({ server, atMs, text }) =>
          `${(atMs - aroundMs).toFixed(1).padStart(9)} ms  server ${server} ${text}`,
      );
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#clients.map(client => client.kill()));
  }

  #spawn(server: number): StoreClient {
    const life = (this.#lives[server] ?? -1) + 1;
    this.#lives[server] = life;
    this.#sockets[server] = new Map();
    const { leaseMs, l1TtlMs, clockOffsetsHours, warmEntries } = this.#options;
    const client = new StoreClient(
      {
        server,
        life,
        leaseMs,
        l1TtlMs,
        warmEntries,
        database: this.#world.databaseOf(server),
        redis: this.#world.redisOf(server),
        clockOffsetHours: clockOffsetsHours[server] ?? 0,
      },
      {
        operation: operation => this.#listener?.operation(operation),
        stall: stall => this.#listener?.stall(stall),
        mode: (at, atMs, { from, to, reason }) => {
          this.#modes.push({ server: at, atMs, text: `${from} → ${to}: ${reason}` });
          if (this.#modes.length > MAX_MODES) this.#modes.shift();
        },
        died: (at, why) => this.deaths.push(`server ${at}: ${why}`),
      },
    );
    this.#clients[server] = client;
    return client;
  }

  #note(server: number, order: OrderOf & { readonly socket: string }): void {
    const terminals = this.#sockets[server];
    if (terminals === undefined || !('terminal' in order)) return;
    const sockets = terminals.get(order.terminal) ?? new Set();
    terminals.set(order.terminal, sockets);
    if (order.do === 'addSocket') sockets.add(order.socket);
    else if (order.do === 'removeSocket') sockets.delete(order.socket);
  }
}
