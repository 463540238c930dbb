import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseProcessStat } from './process-stat.ts';

it('a process is read, whatever its name is', () => {
  const rest = 'S 7 8 9 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0';
  expect(parseProcessStat(`12 (a) b (c) ${rest}`)).toEqual({
    state: 'S',
    parent: 7,
    session: 9,
    startTime: 4711,
  });
  expect(parseProcessStat(readFileSync('/proc/self/stat', 'latin1'))?.parent).toBe(process.ppid);
  expect(parseProcessStat('')).toBeUndefined();
});
