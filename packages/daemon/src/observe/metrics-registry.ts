import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Duration } from './measurements.ts';
import { type Figures, PULLED_METRICS, type PulledMetric } from './pulled-metrics.ts';

/** Up to the deadline of a command (50 ms), and what a stalled loop adds. */
const COMMAND_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25];
/** Up to the deadline of a call (2.5 s). */
const DATABASE_BUCKETS = [
  0.00001, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1, 2.5,
];
const LOCK_BUCKETS = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];
const RESYNC_BUCKETS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

interface HistogramSpec {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly buckets: number[];
}

const HISTOGRAMS: Readonly<Record<Duration['of'], HistogramSpec>> = {
  command: {
    name: 'triterm_redis_command_duration_seconds',
    help: 'Commands to Redis by how they ended.',
    labelNames: ['outcome'],
    buckets: COMMAND_BUCKETS,
  },
  database: {
    name: 'triterm_database_call_duration_seconds',
    help: 'Calls of the database, failed ones included.',
    labelNames: ['operation'],
    buckets: DATABASE_BUCKETS,
  },
  lock: {
    name: 'triterm_lock_wait_duration_seconds',
    help: 'Waits for a lock by how they ended: acquired, timeout, aborted, unavailable.',
    labelNames: ['outcome'],
    buckets: LOCK_BUCKETS,
  },
  resync: {
    name: 'triterm_redis_resync_duration_seconds',
    help: 'Bringing the caches in line after Redis came back.',
    labelNames: [],
    buckets: RESYNC_BUCKETS,
  },
};

/** All metrics in one registry of prom-client. Loaded when the first scrape comes: it takes 20 ms. */
export class MetricsRegistry {
  readonly #registry = new Registry();
  readonly #pulled: readonly ((figures: Figures) => void)[];
  readonly #histograms: ReadonlyMap<Duration['of'], Histogram>;

  constructor() {
    this.#pulled = PULLED_METRICS.map(metric => pulled(metric, this.#registry));
    this.#histograms = new Map(
      Object.entries(HISTOGRAMS).map(([of, spec]) => [
        of as Duration['of'],
        new Histogram({ ...spec, registers: [this.#registry] }),
      ]),
    );
    collectDefaultMetrics({ register: this.#registry });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  observe({ of, seconds, ...labels }: Duration): void {
    this.#histograms.get(of)?.observe(labels, seconds);
  }

  /** The text format of Prometheus, version 0.0.4. */
  async text(figures: Figures): Promise<string> {
    for (const update of this.#pulled) update(figures);
    const text = await this.#registry.metrics();
    // prom-client spells it its own way.
    return text.replaceAll(/ Nan$/gm, ' NaN');
  }

  /** Name, type and help of every metric, for the documentation. */
  describe(): { name: string; type: string; help: string; labelNames: readonly string[] }[] {
    const own = [...PULLED_METRICS, ...Object.values(HISTOGRAMS)];
    const labels = new Map(own.map(({ name, labelNames }) => [name, labelNames]));
    return this.#registry.getMetricsAsArray().map(({ name, type, help }) => ({
      name,
      type: String(type),
      help,
      labelNames: labels.get(name) ?? [],
    }));
  }
}

/** Registers a metric; the function gives it its values anew. */
function pulled(metric: PulledMetric, registry: Registry): (figures: Figures) => void {
  const options = {
    name: metric.name,
    help: metric.help,
    labelNames: [...metric.labelNames],
    registers: [registry],
  };
  const instrument = metric.type === 'gauge' ? new Gauge(options) : new Counter(options);
  return figures => {
    instrument.reset();
    // A metric without labels would otherwise claim to be 0.
    if (metric.labelNames.length === 0) instrument.remove();
    for (const { labels, value } of metric.samples(figures)) instrument.inc(labels, value);
  };
}
