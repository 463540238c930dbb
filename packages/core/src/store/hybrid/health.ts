import { TermError } from '../../errors/index.ts';
import type { LinkFailure, RedisLink } from '../redis/redis-link.ts';
import { type HealthEffect, type HealthEvent, type HealthState, transition } from './health-state.ts';
import { Percentiles } from './percentiles.ts';

/** While it is down, it is asked this often. */
const PROBE_MS = 200;
/** Which server answers, and whether it is a master, is looked at this often. */
const IDENTITY_MS = 1000;
/** A resynchronisation that takes longer has failed. */
const RESYNC_DEADLINE_MS = 30_000;
const RESYNC_PAUSE_MAX_MS = 800;
/** What keeps it from being used. */
const FAILURES: ReadonlySet<HealthEvent> = new Set(['timedOut', 'disconnected', 'refused']);
/** Changes of state that are remembered. */
const HISTORY = 32;

export interface HealthChange {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly from: HealthState;
  readonly to: HealthState;
  readonly reason: string;
}

export interface HealthOptions {
  readonly link: RedisLink;
  /** Brings everything up to date; rejects when it can't, or when the signal aborts. Says which Redis it was. */
  readonly resync: (signal: AbortSignal) => Promise<{ readonly identity: string }>;
  /** Called for every change, before anything else happens. Must not throw. */
  readonly changed: (change: HealthChange) => void;
  /** It could not be used at the start: no change tells of that. Called once at most. Must not throw. */
  readonly unusable: (reason: string) => void;
}

export interface HealthStatus {
  readonly state: HealthState;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Whether commands are kept from Redis. */
  readonly breakerOpen: boolean;
  readonly lastFailure: string | null;
  readonly latencyMs: { readonly p50: number; readonly p99: number } | null;
  readonly history: readonly HealthChange[];
}

/** Runs the health machine: hears the link, probes, resynchronises. */
export class Health {
  readonly #options: HealthOptions;
  readonly #latency = new Percentiles();
  readonly #history: HealthChange[] = [];
  readonly #timers: NodeJS.Timeout[] = [];
  #state: HealthState = 'down';
  #since = Date.now();
  #lastFailure: string | null = null;
  #identity: string | undefined;
  #resync: AbortController | undefined;
  #probing = false;
  #closed = false;
  /** Nothing has been told yet. */
  #silent = true;
  #failedResyncs = 0;
  /** A resynchronisation that failed is not begun again before. */
  #notBeforeMs = 0;

  constructor(options: HealthOptions) {
    this.#options = options;
  }

  get state(): HealthState {
    return this.#state;
  }

  get isUp(): boolean {
    return this.#state === 'up';
  }

  /** Whether writers put. While it is brought up to date they do: nothing that they write may be missing afterwards. */
  get takesPuts(): boolean {
    return this.#state === 'up' || this.#state === 'resync';
  }

  status(): HealthStatus {
    return {
      state: this.#state,
      since: this.#since,
      breakerOpen: this.#state === 'down',
      lastFailure: this.#lastFailure,
      latencyMs: this.#latency.read(),
      history: [...this.#history],
    };
  }

  start(): void {
    const { link } = this.#options;
    link.observe({
      connected: () => void this.#probe(),
      disconnected: reason => this.event('disconnected', reason),
      settled: (outcome, latencyMs) => this.#settled(outcome, latencyMs),
      topologyChanged: () => this.event('moved', 'the set of nodes has changed'),
    });
    this.#timers.push(
      setInterval(() => {
        if (this.#state === 'down' || this.#state === 'suspect') void this.#probe();
      }, PROBE_MS).unref(),
      setInterval(() => void this.#checkIdentity(), IDENTITY_MS).unref(),
    );
    void this.#probe();
  }

  /** Something happened that the link can't see. */
  event(event: HealthEvent, reason: string): void {
    if (this.#closed) return;
    const before = this.#state;
    if (before === 'down' && event === 'answered' && performance.now() < this.#notBeforeMs) return;
    const { state, effects } = transition(before, event);
    if (before === 'resync' && state === 'down') {
      this.#notBeforeMs = performance.now() + Math.min(RESYNC_PAUSE_MAX_MS, 50 * 2 ** this.#failedResyncs);
      this.#failedResyncs += 1;
    } else if (state === 'up') {
      this.#failedResyncs = 0;
    }
    if (event !== 'answered' && event !== 'resynced') this.#lastFailure = reason;
    if (state !== before) this.#change(state, reason);
    else if (FAILURES.has(event)) this.#failed(reason);
    for (const effect of effects) this.#perform(effect);
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#resync?.abort(new Error('the store is closed'));
  }

  #failed(reason: string): void {
    if (this.#silent) this.#options.unusable(reason);
    this.#silent = false;
  }

  #change(state: HealthState, reason: string): void {
    this.#silent = false;
    const change = { at: Date.now(), from: this.#state, to: state, reason };
    this.#state = state;
    this.#since = change.at;
    this.#history.push(change);
    if (this.#history.length > HISTORY) this.#history.shift();
    this.#options.changed(change);
  }

  #perform(effect: HealthEffect): void {
    switch (effect) {
      case 'startResync':
        void this.#runResync();
        return;
      case 'abortResync':
        this.#resync?.abort(new Error('Redis went away'));
        this.#resync = undefined;
        return;
      case 'probe':
        void this.#probe();
        return;
      case 'keepProbing':
        // The interval does, as long as the state is `down`.
        return;
    }
  }

  #settled(outcome: 'ok' | LinkFailure, latencyMs: number): void {
    switch (outcome) {
      case 'ok':
        this.#latency.add(latencyMs);
        this.event('answered', 'it answers');
        return;
      case 'timeout':
        this.event('timedOut', `no answer within ${Math.round(latencyMs)} ms`);
        return;
      case 'readonly':
      case 'moved':
        this.event('moved', outcome === 'readonly' ? 'a replica answered' : 'slots are moving');
        return;
      case 'oom':
      case 'misconf':
      case 'noperm':
      case 'auth':
      case 'loading':
        this.event('refused', REFUSALS[outcome]);
        return;
      case 'disconnected':
      case 'error':
        // The loss of the connection is told by itself; an error of one command is its caller's.
        return;
    }
  }

  /** The outcome comes by `settled`. */
  async #probe(): Promise<void> {
    if (this.#probing || this.#closed) return;
    this.#probing = true;
    await this.#options.link.command('ping', client => client.ping()).catch(() => {});
    this.#probing = false;
  }

  async #runResync(): Promise<void> {
    this.#resync?.abort(new Error('begun anew'));
    const controller = new AbortController();
    this.#resync = controller;
    const deadline = setTimeout(
      () => controller.abort(new Error('it took too long')),
      RESYNC_DEADLINE_MS,
    ).unref();
    try {
      const { identity } = await this.#options.resync(controller.signal);
      if (this.#resync !== controller) return;
      this.#identity = identity;
      this.event('resynced', 'everything agrees');
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      if (this.#resync === controller) this.event('resyncFailed', reason);
      // The link has told that it was refused; this says what.
      else if (this.#state === 'down' && thrown instanceof TermError) this.#lastFailure = reason;
    } finally {
      clearTimeout(deadline);
      if (this.#resync === controller) this.#resync = undefined;
    }
  }

  async #checkIdentity(): Promise<void> {
    if (this.#state !== 'up') return;
    const known = this.#identity;
    try {
      const { identity, master } = await this.#options.link.identity();
      if (!master) this.event('moved', 'a replica answers');
      else if (identity !== known && this.#identity === known)
        this.event('moved', 'another Redis answers than before');
    } catch {
      // What kept it from answering has been told by the link.
    }
  }
}

const REFUSALS = {
  oom: 'it refuses writes: maxmemory is reached and its policy evicts nothing',
  misconf: 'it refuses writes because it cannot save to disk (MISCONF)',
  noperm: 'an ACL rule forbids what we need (NOPERM)',
  auth: 'it refuses our user or password',
  loading: 'it is loading its data',
} as const;
