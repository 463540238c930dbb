import { describe, expect, it } from 'vitest';
import { freeName, orphanName, retiredName } from './naming.ts';

const taken = (...names: string[]) => {
  const set = new Set(names);
  return (name: string) => set.has(name);
};

describe('the name of a session that was given none', () => {
  it.each([
    ['bash', 'bash'],
    ['/usr/bin/vim notes.txt', 'vim'],
    ['-zsh', 'zsh'],
    ['./a b', 'a'],
    ['"$(rm -rf)"', 'rm'],
    ['..', 'session'],
    ['', 'session'],
  ])('of %j is %s', (command, name) => {
    expect(freeName(command, taken())).toBe(name);
  });

  it('gets a number where others have it', () => {
    expect(freeName('bash', taken('bash'))).toBe('bash-2');
    expect(freeName('bash', taken('bash', 'bash-2', 'bash-3'))).toBe('bash-4');
  });

  it('stays within the length that a name may have', () => {
    const name = freeName('x'.repeat(100), taken('x'.repeat(32)));
    expect(name).toBe(`${'x'.repeat(32)}-2`);
    expect(retiredName('y'.repeat(64), taken())).toBe(`${'y'.repeat(62)}.1`);
  });
});

describe('the name of an ended session whose name is wanted', () => {
  it('is the name with a number', () => {
    expect(retiredName('main', taken('main'))).toBe('main.1');
    expect(retiredName('main', taken('main', 'main.1'))).toBe('main.2');
  });
});

describe('the name of a PTY whose session is another one now', () => {
  it.each([
    ['main', [], 'orphan-main'],
    ['main', ['orphan-main', 'orphan-main-2'], 'orphan-main-3'],
    ['x'.repeat(64), [], `orphan-${'x'.repeat(57)}`],
    ['x'.repeat(64), [`orphan-${'x'.repeat(57)}`], `orphan-${'x'.repeat(55)}-2`],
  ])('of %s beside %j is %s', (name, others, wanted) => {
    expect(orphanName(name, taken(...others))).toBe(wanted);
  });
});
