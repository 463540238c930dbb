import { expect, it } from 'vitest';
import { Results } from '../results.ts';
import { judge } from '../targets.ts';
import { SUBJECT } from './measure.ts';
import { FLEET_TARGETS } from './targets.ts';

const KEY = { measure: 'relay', peer: SUBJECT };

it('judges the relay beside the direct way of the same run', () => {
  const results = new Results();
  results.add({ ...KEY, variant: 'WebSocket', metric: 'MB/s' }, 100);
  results.add({ ...KEY, variant: 'relayed', metric: 'MB/s' }, 49);
  results.add({ ...KEY, variant: 'WebSocket', metric: 'echo p50 ms' }, 1);
  results.add({ ...KEY, variant: 'relayed', metric: 'echo p50 ms' }, 2);
  expect(judge(results, FLEET_TARGETS).map(({ found, met }) => [found, met])).toEqual([
    [0.49, false],
    [2, true],
    [undefined, undefined],
  ]);
});
