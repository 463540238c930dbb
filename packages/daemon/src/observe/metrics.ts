import { setTimeout as timeout } from 'node:timers/promises';
import { Measurements } from './measurements.ts';
import type { MetricSources } from './metric-sources.ts';
import type { MetricsRegistry } from './metrics-registry.ts';

/**
 * A source that has not answered by then is left out. Longer than the deadline of a call of the database (2.5 s), so that
 * one that hangs is told as such; shorter than a scraper's patience (10 s).
 */
const SOURCE_DEADLINE_MS = 4000;

export interface MetricsText {
  readonly contentType: string;
  readonly body: string;
}

/** Metrics of the daemon, put together whenever somebody asks. */
export class Metrics {
  /** Where the store and others tell what just happened. */
  readonly measurements: Measurements;
  readonly #sources: MetricSources;
  readonly #sourceDeadlineMs: number;
  #registry: Promise<MetricsRegistry> | undefined;

  constructor(
    sources: MetricSources,
    sourceDeadlineMs = SOURCE_DEADLINE_MS,
    measurements = new Measurements(),
  ) {
    this.measurements = measurements;
    this.#sources = sources;
    this.#sourceDeadlineMs = sourceDeadlineMs;
  }

  /** In the text format of Prometheus. What a source does not tell is absent. */
  async text(): Promise<MetricsText> {
    this.#registry ??= this.#makeRegistry();
    const { version, serverId } = this.#sources;
    const [registry, daemon, store] = await Promise.all([
      this.#registry,
      inTime(() => this.#sources.daemon(), this.#sourceDeadlineMs),
      inTime(() => this.#sources.store?.(), this.#sourceDeadlineMs),
    ]);
    const figures = { version, serverId, daemon, store, measurements: this.measurements };
    return { contentType: registry.contentType, body: await registry.text(figures) };
  }

  async #makeRegistry(): Promise<MetricsRegistry> {
    const { MetricsRegistry } = await import('./metrics-registry.ts');
    const registry = new MetricsRegistry();
    this.measurements.pour(duration => registry.observe(duration));
    return registry;
  }
}

/** Undefined when it fails or is late: the absence of its metrics tells. */
async function inTime<T>(read: () => Promise<T> | undefined, deadlineMs: number): Promise<T | undefined> {
  const ended = new AbortController();
  try {
    return await Promise.race([
      read(),
      timeout(deadlineMs, undefined, { signal: ended.signal, ref: false }).catch(() => undefined),
    ]);
  } catch {
    return undefined;
  } finally {
    ended.abort();
  }
}
