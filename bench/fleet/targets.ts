import { quotient, type Target } from '../targets.ts';
import { DIRECT, RELAYED, SUBJECT } from './measure.ts';

/** What one more server in between may cost, beside a WebSocket to the session's own. */
export const FLEET_TARGETS: readonly Target[] = [
  { target: `relayed throughput ≥ 0.5 × ${DIRECT}`, unit: '×', value: relayedTo('MB/s'), atLeast: 0.5 },
  { target: `relayed echo p50 ≤ 3 × ${DIRECT}`, unit: '×', value: relayedTo('echo p50 ms'), atMost: 3 },
  { target: `relayed echo p99 ≤ 3 × ${DIRECT}`, unit: '×', value: relayedTo('echo p99 ms'), atMost: 3 },
];

function relayedTo(metric: string): Target['value'] {
  const key = { measure: 'relay', peer: SUBJECT, metric };
  return results =>
    quotient(results.median({ ...key, variant: RELAYED }), results.median({ ...key, variant: DIRECT }));
}
