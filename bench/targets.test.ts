import { describe, expect, it } from 'vitest';
import { Results } from './results.ts';
import { judge } from './targets.ts';

const THROUGHPUT = { measure: 'throughput', variant: 'sgr', metric: 'MB/s' };

function judgement(results: Results, target: string) {
  return judge(results).find(each => each.target === target);
}

describe('a ratio to a peer', () => {
  it.each([
    [60, true],
    [59, false],
  ])('with %i against 20 is met: %s', (own, met) => {
    const results = new Results();
    results.add({ ...THROUGHPUT, peer: 'triterm' }, own);
    results.add({ ...THROUGHPUT, peer: 'tmux' }, 20);
    expect(judgement(results, 'throughput sgr ≥ 3 × tmux')).toMatchObject({ found: own / 20, met });
  });

  it('is not judged without the peer', () => {
    const results = new Results();
    results.add({ ...THROUGHPUT, peer: 'triterm' }, 60);
    expect(judgement(results, 'throughput sgr ≥ 3 × tmux')?.met).toBeUndefined();
  });
});

it('judges exactness by the worst repetition', () => {
  const results = new Results();
  const key = { measure: 'detached', variant: 'utf8', metric: 'wrong rows', peer: 'triterm' };
  for (const wrongRows of [0, 1, 0]) results.add(key, wrongRows);
  expect(judgement(results, 'detached utf8: the next screen is exact')).toMatchObject({
    found: 1,
    met: false,
  });
});

it("judges commands by what they take beyond Node's own start", () => {
  const results = new Results();
  const key = { measure: 'list', variant: '200 sessions', metric: 'ms' };
  results.add({ ...key, peer: 'node' }, 24);
  results.add({ ...key, peer: 'triterm' }, 29);
  expect(judgement(results, "list ≤ Node's start + 6 ms")).toMatchObject({ found: 5, met: true });
});
