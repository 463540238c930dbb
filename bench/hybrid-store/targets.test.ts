import { expect, it } from 'vitest';
import { Results } from '../results.ts';
import { judge } from '../targets.ts';
import { STORE_TARGETS } from './targets.ts';

function judgement(results: Results, target: string) {
  return judge(results, STORE_TARGETS).find(each => each.target === target);
}

it('judges what a call costs with many sockets by what it costs with few', () => {
  const results = new Results();
  const key = { measure: 'registry', peer: 'triterm', metric: 'add, µs' };
  results.add({ ...key, variant: '100000 sockets:' }, 14);
  results.add({ ...key, variant: '1000 sockets:' }, 10);
  expect(judgement(results, 'registry: add: many cost as few (≤ 1.5 ×)')).toMatchObject({
    found: 1.4,
    met: true,
  });
});

it('compares with the quickest way to use bentocache', () => {
  const results = new Results();
  const key = { measure: 'memory', variant: '', metric: 'µs a hit' };
  results.add({ ...key, peer: 'triterm' }, 1);
  results.add({ ...key, peer: 'bento L1' }, 5);
  results.add({ ...key, peer: 'bento L1, not serialized' }, 0.5);
  expect(judgement(results, "memory: faster than bentocache's quickest")).toMatchObject({
    found: 2,
    met: false,
  });
});

it('gives the slowest call the deadline and the slowest of the database', () => {
  const results = new Results();
  const key = { measure: 'hang', metric: 'max ms' };
  for (const ms of [51, 76]) results.add({ ...key, peer: 'triterm', variant: 'lock' }, ms);
  results.add({ ...key, peer: 'triterm', variant: 'read' }, 20);
  results.add({ ...key, peer: 'postgres', variant: 'update' }, 26);
  expect(judgement(results, 'hang: max ≤ command deadline + database time')).toMatchObject({
    found: 1,
    met: true,
  });
});

it('judges nothing that was not measured', () => {
  expect(judge(new Results(), STORE_TARGETS).every(({ found }) => found === undefined)).toBe(true);
});
