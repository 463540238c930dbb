import { describe, expect, it } from 'vitest';
import { chooseDrills } from './choose.ts';
import { exampleReport } from './testing/example-report.ts';

const KNOWN = [
  exampleReport({ name: 'redis-down', live: true }),
  exampleReport({ name: 'split-brain', live: false }),
  exampleReport({ name: 'slow-client', live: true }),
];
const names = (wish: Partial<Parameters<typeof chooseDrills>[1]>) =>
  chooseDrills(KNOWN, { names: [], all: false, live: false, ...wish }).map(({ name }) => name);

describe('drills are chosen', () => {
  it('by name, each once and in the order that is given', () => {
    expect(names({ names: ['slow-client', 'redis-down', 'slow-client'] })).toEqual([
      'slow-client',
      'redis-down',
    ]);
  });

  it('all at once, of the running system those that are safe there', () => {
    expect(names({ all: true })).toEqual(['redis-down', 'split-brain', 'slow-client']);
    expect(names({ all: true, live: true })).toEqual(['redis-down', 'slow-client']);
  });

  it('not at all when nothing or too much is said, and with a guess for a misspelt one', () => {
    const refused = (wish: Parameters<typeof names>[0], error: object) =>
      expect(() => names(wish)).toThrow(expect.objectContaining(error));
    refused({}, { code: 'USAGE' });
    refused({ all: true, names: ['redis-down'] }, { code: 'USAGE' });
    refused(
      { names: ['redis-dwn'] },
      { code: 'DRILL_NOT_FOUND', message: expect.stringContaining('redis-down?') },
    );
    refused({ names: ['quake'] }, { code: 'DRILL_NOT_FOUND', message: 'There is no drill "quake".' });
  });
});
