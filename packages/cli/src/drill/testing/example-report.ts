import type { DrillReport } from '@triterm/core/domain';

/** One that held, unless said otherwise. */
export function exampleReport(more: Partial<DrillReport> = {}): DrillReport {
  return {
    name: 'redis-down',
    summary: 'Redis is gone',
    hypothesis: 'Nothing fails.',
    needs: ['redis'],
    live: true,
    mode: 'sandbox',
    database: 'sqlite',
    verdict: 'held',
    reason: null,
    startedAt: '2026-01-02T03:04:05.000Z',
    durationMs: 1500,
    steps: [{ what: 'stop Redis', durationMs: 12 }],
    claims: [{ claim: 'every write is acknowledged', held: true, found: '40 of 40' }],
    measurements: [{ what: 'slowest write', value: 3.5, unit: 'ms' }],
    kept: null,
    ...more,
  };
}
