import { checkDurations } from './check-bounds.ts';
import { checkContent, checkFresh, checkMonotonic } from './check-reads.ts';
import { checkRedisContent, checkRedisOrder } from './check-redis.ts';
import {
  checkAcknowledged,
  checkCounts,
  checkFinalRows,
  checkGuards,
  checkRevisionOrder,
} from './check-writes.ts';
import { Disturbances } from './disturbance.ts';
import { excerpt } from './excerpt.ts';
import { carryOut, possibleFaults, targetOf } from './faults.ts';
import type { Figures } from './figures.ts';
import type { Fleet } from './fleet.ts';
import {
  type Commit,
  type FaultRecord,
  type History,
  nowMs,
  type Operation,
  type RedisEvent,
  type Stall,
  type Violation,
} from './history.ts';
import { type FaultKind, type PlannedFault, planRound, ROUND_MS, type Round } from './plan.ts';
import { RedisObserver } from './redis-observer.ts';
import { Settling } from './settling.ts';
import { eventually, pause } from './waiting.ts';
import type { World } from './world.ts';

const UP_DEADLINE_MS = 15_000;
const QUIET_DEADLINE_MS = 12_000;
/** After everybody is up, reads go on for so long: what is wrong in memory shows then. */
const AFTER_UP_MS = 400;
const LOOK_MS = 50;
const LANES = 3;

export interface RunOptions {
  readonly seed: number;
  readonly world: World;
  readonly fleet: Fleet;
  readonly figures: Figures;
  readonly faults?: readonly FaultKind[];
  readonly log?: (line: string) => void;
}

/** A run that found something. Its message is the whole report. */
export class ChaosFailure extends Error {
  readonly violations: readonly Violation[];

  constructor(violations: readonly Violation[], report: string) {
    super(report);
    this.name = 'ChaosFailure';
    this.violations = violations;
  }
}

/** Rounds of operations and faults on one world, each of them checked. */
export class ChaosRun {
  readonly #o: RunOptions;
  readonly #faultKinds: readonly FaultKind[];
  readonly #settling: Settling;
  readonly #observer: RedisObserver | undefined;
  #operations: Operation[] = [];
  #faults: FaultRecord[] = [];
  #stalls: Stall[] = [];
  #redis: RedisEvent[] = [];
  /** The last commit of each id before this round. */
  #baseline = new Map<string, Commit>();
  #seq = 0;
  #stallTimer: NodeJS.Timeout | undefined;

  constructor(options: RunOptions) {
    this.#o = options;
    this.#faultKinds = options.faults ?? possibleFaults(options.world.options);
    this.#settling = new Settling(options.world, options.fleet, options.figures);
    const port = options.world.redis?.port;
    this.#observer =
      port === undefined ? undefined : new RedisObserver(port, event => this.#redis.push(event));
    this.#watchStalls();
    options.fleet.listen({
      operation: operation => {
        this.#operations.push(operation);
        options.figures.operation(operation);
      },
      stall: stall => this.#stall(stall),
    });
  }

  close(): void {
    clearInterval(this.#stallTimer);
    this.#observer?.close();
  }

  /** Rejects with ChaosFailure. */
  async round(number: number): Promise<void> {
    const { seed, world, fleet, figures } = this.#o;
    const round = planRound(seed, number, fleet.size, this.#faultKinds);
    this.#beginRound();
    const startMs = nowMs();
    const stop = { now: false };
    const lanes = this.#lanes(round, stop);
    await Promise.all([this.#inject(round.faults), pause(ROUND_MS)]);
    const healedMs = nowMs();
    const isUp = await eventually(UP_DEADLINE_MS, async () =>
      (await fleet.states()).every(state => state === (world.options.redis === 'none' ? null : 'up')),
    );
    figures.healed(nowMs() - healedMs);
    if (!isUp)
      await this.#fail(
        [
          simple(
            'I12',
            `not all servers were up ${UP_DEADLINE_MS} ms after the faults: ${(await fleet.states()).join(', ')}`,
          ),
        ],
        number,
      );
    await pause(AFTER_UP_MS);
    stop.now = true;
    let isQuiet = false;
    void lanes.then(() => {
      isQuiet = true;
    });
    await eventually(QUIET_DEADLINE_MS, async () => isQuiet);
    if (!isQuiet) await this.#fail([simple('I13', `an order hung: ${fleet.pending().join(', ')}`)], number);
    const violations = [
      ...(await this.#settling.check()),
      ...fleet.deaths.map(why => simple('I13', `a store process ended: ${why}`)),
    ];
    const history = await this.#history();
    violations.push(...check(history, await world.journal.rows()));
    if (violations.length > 0) await this.#fail(violations, number, history);
    figures.rounds += 1;
    this.#o.log?.(
      `round ${number}: ${this.#operations.length} operations, ${round.faults.map(({ kind }) => kind).join(' ') || 'no faults'}, ${Math.round(nowMs() - startMs)} ms`,
    );
    this.#endRound(history);
  }

  #beginRound(): void {
    this.#operations = [];
    this.#faults = this.#faults.filter(({ endMs }) => endMs > nowMs() - 15_000);
    this.#stalls = [];
    this.#redis = [];
    const atMs = nowMs();
    // What the rounds before have left is known to everybody.
    for (const { id, rev, deleted, digest } of this.#baseline.values())
      for (let server = 0; server < this.#o.fleet.size; server += 1)
        this.#operations.push({
          order: 0,
          server,
          life: 0,
          kind: 'update',
          id,
          startMs: atMs - 2000,
          endMs: atMs - 1000,
          outcome: 'ok',
          seen: { rev, deleted, digest },
        });
  }

  #endRound({ commits }: History): void {
    for (const commit of commits) {
      this.#baseline.set(commit.id, commit);
      this.#seq = Math.max(this.#seq, commit.seq);
    }
  }

  async #lanes(round: Round, stop: { now: boolean }): Promise<void> {
    const { fleet } = this.#o;
    const lane = async (server: number, number: number) => {
      const own = round.orders.filter(order => order.server === server);
      for (let index = number; !stop.now; index += LANES) {
        const planned = own[index % own.length];
        if (planned === undefined) return;
        const { order, pauseMs } = planned;
        // One lane alone tells of sockets, so that it is known in which order.
        const isSocket = 'socket' in order;
        if (isSocket && number !== 0) continue;
        const done = await fleet.send(
          server,
          isSocket ? { ...order, socket: `${server}-${order.socket}` } : order,
        );
        await pause(done.outcome === 'killed' ? LOOK_MS : pauseMs);
      }
    };
    const all = Array.from({ length: fleet.size * LANES }, (_, i) => lane(Math.floor(i / LANES), i % LANES));
    await Promise.all(all);
  }

  /** What concerns the same thing goes one after the other. */
  async #inject(faults: readonly PlannedFault[]): Promise<void> {
    const { world, fleet, figures } = this.#o;
    const busy = new Map<string, Promise<void>>();
    const tasks = faults
      .toSorted((a, b) => a.atMs - b.atMs)
      .map(fault => {
        const key = targetOf(fault);
        const before = busy.get(key) ?? Promise.resolve();
        const task = Promise.all([before, pause(fault.atMs)]).then(async () => {
          let open: FaultRecord | undefined;
          const record = await carryOut(fault, world, fleet, begun => {
            open = begun;
            this.#faults.push(begun);
          });
          this.#faults = this.#faults.map(each => (each === open ? record : each));
          figures.fault(fault.kind);
        });
        busy.set(key, task);
        return task;
      });
    await Promise.all(tasks);
  }

  async #history(): Promise<History> {
    const commits = await this.#o.world.commitsAfter(this.#seq);
    this.#o.figures.commits += commits.length;
    this.#o.figures.redisEntries += this.#redis.filter(({ kind }) => kind === 'set').length;
    return {
      operations: this.#operations,
      commits: [...this.#baseline.values(), ...commits],
      faults: this.#faults,
      stalls: this.#stalls,
      redis: this.#redis,
    };
  }

  async #fail(violations: readonly Violation[], number: number, history?: History): Promise<never> {
    const known = history ?? (await this.#history().catch(() => undefined));
    const { seed, world, figures } = this.#o;
    const first = violations[0];
    const lines = [
      `seed ${seed}, round ${number}: ${violations.length} violations`,
      ...violations
        .slice(0, 10)
        .map(({ invariant, id, message }) => `${invariant}${id === undefined ? '' : ` (${id})`}: ${message}`),
      ...(first === undefined || known === undefined ? [] : ['around the first:', ...excerpt(known, first)]),
      'what the servers knew of Redis:',
      ...this.#o.fleet.modes(first?.atMs),
      `again: npm run chaos -- --seed ${seed} --first-round ${number} --rounds 1 --database ${world.options.database} --redis ${world.options.redis}`,
      ...figures.lines(),
    ];
    throw new ChaosFailure(violations, lines.join('\n'));
  }

  /** The proxies are in this process: when it stalls, everybody's connections do. */
  #watchStalls(): void {
    let lastMs = nowMs();
    this.#stallTimer = setInterval(() => {
      const thisMs = nowMs();
      if (thisMs - lastMs > 80) this.#stall({ server: undefined, startMs: lastMs, endMs: thisMs });
      lastMs = thisMs;
    }, 20);
  }

  #stall(stall: Stall): void {
    this.#stalls.push(stall);
    this.#o.figures.stall();
  }
}

/** Everything that can be said of a history. */
export function check(
  history: History,
  rows: ReadonlyMap<string, { rev: number; deleted: boolean }>,
): Violation[] {
  const disturbances = new Disturbances(history.faults, history.stalls);
  return [
    ...checkAcknowledged(history),
    ...checkFinalRows(history.commits, rows),
    ...checkRevisionOrder(history),
    ...checkGuards(history),
    ...checkCounts(history),
    ...checkRedisOrder(history.redis),
    ...checkRedisContent(history.redis, history.commits),
    ...checkContent(history),
    ...checkMonotonic(history),
    ...checkFresh(history, disturbances),
    ...checkDurations(history.operations, disturbances),
  ];
}

function simple(invariant: string, message: string): Violation {
  return { invariant, message, id: undefined, atMs: undefined };
}
