import type { SessionInfo } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import { describe, expect, it } from 'vitest';
import { sessionInfo } from '../testing/session-info.ts';
import { filterSessions, parseFilter, parseOrder, SORT_FIELDS } from './session-filter.ts';

const WORK = sessionInfo({
  name: 'work',
  id: '0000work0000',
  command: 'bash',
  cwd: '/home/me/src',
  cols: 200,
  rows: 50,
  clients: 2,
  createdAt: '2026-01-01T00:00:00.000Z',
  lastActivityAt: '2026-01-01T09:00:00.000Z',
  labels: { team: 'web', note: '' },
});
const BUILD = sessionInfo({
  name: 'build',
  id: '1111bu1d1111',
  command: 'make -j8 (all)',
  title: 'Building',
  state: 'exited',
  exitCode: 2,
  createdAt: '2026-01-02T00:00:00.000Z',
  lastActivityAt: '2026-01-02T00:05:00.000Z',
  labels: { team: 'core' },
});
const OLD = sessionInfo({
  name: 'old',
  id: '2222o1d22222',
  state: 'lost',
  cwd: null,
  cols: 100,
  rows: 20,
  createdAt: '2025-12-01T00:00:00.000Z',
  lastActivityAt: '2025-12-01T00:00:00.000Z',
});
const ALL: readonly SessionInfo[] = [WORK, BUILD, OLD];

function names(...filters: string[]): string[] {
  return filterSessions(ALL, filters.map(parseFilter)).map(session => session.name);
}

function sorted(field: string): string[] {
  return [...ALL].sort(parseOrder(field)).map(session => session.name);
}

function refusal(parse: () => unknown): TermError {
  try {
    parse();
  } catch (thrown) {
    if (thrown instanceof TermError && thrown.code === 'USAGE') return thrown;
    throw thrown;
  }
  throw new Error('nothing was thrown');
}

describe('a filter', () => {
  it.each([
    ['state=running', ['work']],
    ['state=lost', ['old']],
    ['name=work', ['work']],
    ['name=wor', []],
    ['name=wor*', ['work']],
    ['name=*', ['work', 'build', 'old']],
    ['name=*o*', ['work', 'old']],
    ['command=make -j8 (all)', ['build']],
    ['command=make*', ['build']],
    ['command=mak.*', []],
    ['cwd=/home/*', ['work']],
    ['cwd=', ['old']],
    ['size=100x20', ['old']],
    ['clients=2', ['work']],
    ['exitCode=2', ['build']],
    ['exitCode=', ['work', 'old']],
    ['label.team=web', ['work']],
    ['label.team=*', ['work', 'build']],
    ['label.note=', ['work']],
    ['label.constructor=*', []],
  ])('%s passes %j', (filter, passed) => expect(names(filter)).toEqual(passed));

  it.each([
    ['WORK', ['work']],
    ['o', ['work', 'build', 'old']],
    ['1111', ['build']],
    ['building', ['build']],
    ['src', ['work']],
    ['core', ['build']],
    ['=', []],
  ])('without a field is a text that occurs somewhere: %s', (filter, passed) => {
    expect(names(filter)).toEqual(passed);
  });

  it('passes with all others only', () => {
    expect(names('label.team=*', 'state=exited')).toEqual(['build']);
    expect(names('state=running', 'state=lost')).toEqual([]);
    expect(names()).toEqual(['work', 'build', 'old']);
  });

  it('of an unknown field is refused with the fields there are', () => {
    const error = refusal(() => parseFilter('stat=running'));
    expect(error.message).toBe('--filter knows no field "stat". Did you mean state?');
    expect(error.hint).toContain('label.KEY');
    expect(refusal(() => parseFilter('constructor=x')).message).toContain('knows no field');
  });
});

describe('an order', () => {
  it.each([
    ['name', ['build', 'old', 'work']],
    ['-name', ['work', 'old', 'build']],
    ['age', ['build', 'work', 'old']],
    ['-age', ['old', 'work', 'build']],
    ['idle', ['build', 'work', 'old']],
    ['size', ['build', 'old', 'work']],
    ['clients', ['build', 'old', 'work']],
    ['state', ['build', 'old', 'work']],
  ])('by %s is %j', (field, order) => expect(sorted(field)).toEqual(order));

  it('keeps the order of what is equal, reversed too', () => {
    const twins = ['a', 'b', 'c'].map(name => sessionInfo({ name, command: 'same' }));
    expect([...twins].sort(parseOrder('command')).map(session => session.name)).toEqual(['a', 'b', 'c']);
    expect([...twins].sort(parseOrder('-command')).map(session => session.name)).toEqual(['a', 'b', 'c']);
  });

  it('knows every field that it says it knows, and no other', () => {
    for (const field of SORT_FIELDS) expect(sorted(field)).toHaveLength(3);
    expect(refusal(() => parseOrder('nme')).message).toBe('--sort knows no field "nme". Did you mean name?');
  });
});
