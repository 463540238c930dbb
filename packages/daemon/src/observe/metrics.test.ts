import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { MetricSources, StoreFigures } from './metric-sources.ts';
import { Metrics } from './metrics.ts';
import { type Family, parseExposition } from './testing/exposition.ts';

const stats: StoreFigures['stats'] = {
  reads: {
    reads: 28,
    l1Hits: 1,
    redisHits: 2,
    tombstones: 3,
    misses: 4,
    coalesced: 5,
    bypassed: 6,
    errors: 7,
  },
  staleReads: 8,
  writes: 9,
  l1Entries: 10,
  floors: 11,
  puts: 12,
  casRejections: 13,
  fillRejections: 14,
  putFailures: 15,
  invalidationsReceived: 16,
  invalidationLagMs: { p50: 2, p99: 30 },
  outboxDrained: 17,
  resyncs: 18,
};
const figures: StoreFigures = {
  stats,
  databaseAvailable: true,
  outbox: { entries: 19, oldestMs: 1500 },
  redis: { state: 'resync', breakerOpen: false, reconnects: 20 },
  locks: { held: 21, waiting: 22 },
  registrySockets: 23,
  leaseLeftMs: -500,
};
const sources: MetricSources = {
  version: '1.2.3',
  serverId: 'a "quoted" \\ name\n',
  daemon: async () => ({
    sessions: { running: 1, exited: 2, lost: 3 },
    clients: 4,
    ptyHosts: 5,
    stateDirFreeBytes: 6,
  }),
  store: async () => figures,
};

async function scrape(metrics: Metrics): Promise<Map<string, Family>> {
  return parseExposition((await metrics.text()).body);
}

function value(families: Map<string, Family>, name: string, labels: Record<string, string> = {}): number {
  const wanted = JSON.stringify(Object.entries(labels).sort());
  const family = [...families.values()].find(({ samples }) => samples.some(sample => sample.name === name));
  const found = family?.samples.filter(
    sample => sample.name === name && JSON.stringify(Object.entries(sample.labels).sort()) === wanted,
  );
  expect(found, `${name} ${wanted}`).toHaveLength(1);
  return found?.[0]?.value ?? Number.NaN;
}

/** A registry in which everything has a value. */
async function full(): Promise<Map<string, Family>> {
  const metrics = new Metrics(sources);
  metrics.measurements.observeCommand('ok', 0.0002);
  metrics.measurements.observeDatabase('write', 'STORE_UNAVAILABLE', 0.002);
  metrics.measurements.observeLock('timeout', 1);
  metrics.measurements.observeResync(0.3);
  metrics.measurements.modeChanged('up', 'suspect');
  return scrape(metrics);
}

describe('the metrics', () => {
  it('are in the text format, each with HELP, TYPE and a proper name', async () => {
    const families = await full();
    expect(families.size).toBeGreaterThan(60);
    for (const [name, { type, help, samples }] of families) {
      expect(help, name).toMatch(/\S{3,}.*\.$/);
      if (!name.startsWith('triterm_')) continue;
      expect(samples.length, `${name} has samples`).toBeGreaterThan(0);
      expect(name.endsWith('_total'), `${name} is a ${type}`).toBe(type === 'counter');
      expect(name, 'has base units').not.toMatch(/_(?:ms|milliseconds|kilobytes|mb|percent|minutes)(?:_|$)/);
    }
  });

  it('tell what the sources tell', async () => {
    const families = await full();
    for (const [source, reads] of Object.entries({
      l1: 1,
      redis: 2,
      tombstone: 3,
      miss: 4,
      coalesced: 5,
      bypass: 6,
      error: 7,
    }))
      expect(value(families, 'triterm_store_reads_total', { source })).toBe(reads);
    expect(value(families, 'triterm_build_info', { version: '1.2.3', server: sources.serverId })).toBe(1);
    expect(value(families, 'triterm_sessions', { state: 'lost' })).toBe(3);
    expect(value(families, 'triterm_store_invalidation_lag_seconds', { quantile: '0.99' })).toBe(0.03);
    expect(value(families, 'triterm_store_outbox_oldest_age_seconds')).toBe(1.5);
    expect(value(families, 'triterm_server_lease_left_seconds')).toBe(-0.5);
    expect(value(families, 'triterm_redis_state', { state: 'resync' })).toBe(1);
    expect(value(families, 'triterm_redis_state', { state: 'up' })).toBe(0);
    expect(value(families, 'triterm_redis_mode_changes_total', { from: 'up', to: 'suspect' })).toBe(1);
    expect(
      value(families, 'triterm_database_errors_total', { operation: 'write', code: 'STORE_UNAVAILABLE' }),
    ).toBe(1);
    expect(
      value(families, 'triterm_redis_command_duration_seconds_bucket', { outcome: 'ok', le: '0.00025' }),
    ).toBe(1);
    expect(
      value(families, 'triterm_redis_command_duration_seconds_bucket', { outcome: 'ok', le: '0.0001' }),
    ).toBe(0);
    expect(value(families, 'triterm_lock_wait_duration_seconds_count', { outcome: 'timeout' })).toBe(1);
    expect(value(families, 'triterm_redis_resync_duration_seconds_sum')).toBe(0.3);
  });

  it('tell every figure of the store', async () => {
    const told = new Set([...(await full()).values()].flatMap(({ samples }) => samples.map(s => s.value)));
    for (let figure = 1; figure <= 23; figure += 1) expect([...told], `figure ${figure}`).toContain(figure);
  });

  it('count on from scrape to scrape, and forget nothing that came before the first', async () => {
    let writes = 1;
    const metrics = new Metrics({
      ...sources,
      store: async () => ({ ...figures, stats: { ...stats, writes } }),
    });
    metrics.measurements.observeCommand('timeout', 0.05);
    expect(value(await scrape(metrics), 'triterm_store_writes_total')).toBe(1);
    writes = 5;
    metrics.measurements.observeCommand('timeout', 0.05);
    const families = await scrape(metrics);
    expect(value(families, 'triterm_store_writes_total')).toBe(5);
    expect(value(families, 'triterm_redis_command_duration_seconds_count', { outcome: 'timeout' })).toBe(2);
  });

  it('stay right when two scrape at once', async () => {
    const metrics = new Metrics(sources);
    const bodies = await Promise.all(Array.from({ length: 8 }, () => scrape(metrics)));
    for (const families of bodies) expect(value(families, 'triterm_store_writes_total')).toBe(9);
  });

  it('keep a bounded number of durations until somebody looks', async () => {
    const metrics = new Metrics(sources);
    for (let i = 0; i < 10_000; i += 1) metrics.measurements.observeCommand('ok', 0.001);
    expect(
      value(await scrape(metrics), 'triterm_redis_command_duration_seconds_count', { outcome: 'ok' }),
    ).toBe(4096);
  });

  it('leave out what is not known rather than calling it 0', async () => {
    const none = {
      ...figures,
      outbox: undefined,
      redis: undefined,
      leaseLeftMs: undefined,
      stats: { ...stats, invalidationLagMs: null },
    };
    let store: StoreFigures = figures;
    const metrics = new Metrics({ ...sources, store: async () => store });
    await scrape(metrics);
    store = none;
    const families = await scrape(metrics);
    for (const name of [
      'triterm_store_outbox_entries',
      'triterm_redis_state',
      'triterm_redis_reconnects_total',
      'triterm_server_lease_left_seconds',
      'triterm_store_invalidation_lag_seconds',
    ])
      expect(families.get(name)?.samples, name).toEqual([]);
    expect(value(families, 'triterm_redis_configured')).toBe(0);
  });

  it('come without what a source fails to tell, or tells too late', async () => {
    const metrics = new Metrics(
      { ...sources, daemon: () => Promise.reject(new Error('no')), store: () => new Promise(() => {}) },
      50,
    );
    const families = await scrape(metrics);
    expect(families.get('triterm_clients')?.samples).toEqual([]);
    expect(families.get('triterm_store_writes_total')?.samples).toEqual([]);
    expect(value(families, 'triterm_build_info', { version: '1.2.3', server: sources.serverId })).toBe(1);
  });

  it('have no label that grows without bound', async () => {
    const labels = new Set<string>();
    for (const [name, { samples }] of await full())
      if (name.startsWith('triterm_'))
        for (const sample of samples) for (const l of Object.keys(sample.labels)) labels.add(l);
    expect([...labels].sort()).toEqual(
      [
        'code',
        'from',
        'le',
        'operation',
        'outcome',
        'quantile',
        'server',
        'source',
        'state',
        'to',
        'version',
      ].sort(),
    );
  });
});

describe('dashboard and alerts', () => {
  const read = (path: string): string =>
    readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8');

  /** Names of metrics in an expression of PromQL. */
  function metricsIn(expr: string): string[] {
    const bare = expr
      .replaceAll(/"[^"]*"/g, '""')
      .replaceAll(/\{[^}]*\}|\b(?:by|without|on)\s*\([^)]*\)/g, ' ');
    return bare.match(/\b(?:triterm|nodejs|process)_\w+/g) ?? [];
  }

  async function unknownIn(exprs: readonly string[]): Promise<string[]> {
    const known = new Set([...(await full()).values()].flatMap(f => [...f.samples.map(s => s.name), f.name]));
    return exprs.flatMap(metricsIn).filter(name => !known.has(name));
  }

  function alerts(): { name: string; expr: string; text: string }[] {
    return read('monitoring/alerts.yml')
      .split(/^ +- alert: /m)
      .slice(1)
      .map(text => ({
        name: text.split('\n')[0] ?? '',
        expr: /^ +expr: (.+)$/m.exec(text)?.[1] ?? '',
        text,
      }));
  }

  it('use only metrics that there are', async () => {
    const exprs = alerts().map(({ expr }) => expr);
    expect(exprs.length).toBeGreaterThan(9);
    for (const expr of exprs) expect(metricsIn(expr), expr).not.toEqual([]);
    expect(await unknownIn(exprs)).toEqual([]);

    const dashboard: unknown = JSON.parse(read('monitoring/grafana-dashboard.json'));
    const queries = exprsOf(dashboard);
    expect(queries.length).toBeGreaterThan(20);
    for (const expr of queries) expect(metricsIn(expr), expr).not.toEqual([]);
    expect(await unknownIn(queries)).toEqual([]);
    expect(await unknownIn(['rate(triterm_nonsense_total[5m])'])).toEqual(['triterm_nonsense_total']);
  });

  it('use only label values that there are', async () => {
    const families = await full();
    const states = families.get('triterm_redis_state')?.samples.map(sample => sample.labels.state);
    const sourcesOfReads = families.get('triterm_store_reads_total')?.samples.map(s => s.labels.source);
    const text = `${read('monitoring/alerts.yml')}${read('monitoring/grafana-dashboard.json').replaceAll('\\"', '"')}`;
    const sessionStates = families.get('triterm_sessions')?.samples.map(sample => sample.labels.state);
    const known: Record<string, unknown[] | undefined> = {
      state: [...(states ?? []), ...(sessionStates ?? [])],
      from: states,
      to: states,
      source: sourcesOfReads,
    };
    const selected = [...text.matchAll(/\b(state|from|to|source)!?=~?"([^"]*)"/g)];
    expect(selected.length).toBeGreaterThan(6);
    for (const [, label = '', pattern = ''] of selected)
      for (const item of pattern.split('|')) expect(known[label], label).toContain(item);
  });

  it('explain each alert, and say what to do', () => {
    const runbook = read('docs/operations.md');
    for (const { name, text } of alerts()) {
      expect(text, name).toMatch(/^ +severity: (?:warning|critical)$/m);
      expect(text, name).toMatch(/^ +summary: \S.*$/m);
      expect(text, name).toMatch(
        new RegExp(`^ +runbook_url: docs/operations\\.md#${name.toLowerCase()}$`, 'm'),
      );
      expect(runbook, name).toContain(`\n### ${name}\n`);
    }
  });
});

/** Every `expr` of a dashboard, wherever it lies. */
function exprsOf(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) =>
    key === 'expr' && typeof value === 'string' ? [value] : exprsOf(value),
  );
}
