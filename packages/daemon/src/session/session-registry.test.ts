import { exampleRow } from '@triterm/core/testing/store/session-examples';
import { describe, expect, it } from 'vitest';
import type { Session } from './session.ts';
import { SessionRegistry } from './session-registry.ts';

interface Known {
  readonly id: string;
  readonly name: string;
  readonly userId?: string;
  readonly isOwned?: boolean;
}

/** As far as the registry looks at one. */
function session({ id, name, userId = 'local', isOwned = true }: Known) {
  const row = exampleRow({ id, userId, name });
  return { ...row, row, ptyId: id, record: { isOwned } } as unknown as Session;
}

const registryOf = (...known: Known[]) => {
  const registry = new SessionRegistry();
  for (const each of known) registry.add(session(each));
  return registry;
};

describe('SessionRegistry', () => {
  it('finds by id, by name, and by the beginning of an id', () => {
    const registry = registryOf({ id: 'abcdefgh', name: 'work' }, { id: 'abcdxxxx', name: 'play' });
    expect(registry.known('abcdefgh').name).toBe('work');
    expect(registry.named('play').map(({ id }) => id)).toEqual(['abcdxxxx']);
    expect(registry.startingWith('abcd')).toHaveLength(2);
    expect(registry.startingWith('abc')).toEqual([]);
  });

  it('takes an id for taken from when it is reserved, and while a session has it', () => {
    const registry = registryOf({ id: 'abcdefgh', name: 'work' });
    expect(['abcdefgh', 'ijklmnop'].map(id => registry.isTaken(id))).toEqual([true, false]);
    const release = registry.reserve('ijklmnop');
    expect(registry.isTaken('ijklmnop')).toBe(true);
    expect(registry.get('ijklmnop')).toBeUndefined();
    release();
    expect(registry.isTaken('ijklmnop')).toBe(false);
  });

  it('knows a session by nothing but its id, and suggests no other', () => {
    const registry = registryOf({ id: 'abcdefgh', name: 'work' });
    expect(registry.known('abcdefgh').name).toBe('work');
    for (const target of ['work', 'abcde', 'abcdefgi', 'worm'])
      expect(() => registry.known(target)).toThrow(
        expect.objectContaining({
          code: 'SESSION_NOT_FOUND',
          message: expect.not.stringContaining('Did you mean'),
        }),
      );
  });

  it('keeps the names of users apart', () => {
    const registry = registryOf(
      { id: 'abcdefgh', name: 'work', userId: 'ann' },
      { id: 'ijklmnop', name: 'work', userId: 'bob' },
    );
    expect(registry.byName('ann', 'work')?.id).toBe('abcdefgh');
    expect(registry.byName('bob', 'work')?.id).toBe('ijklmnop');
    expect(registry.byName('cat', 'work')).toBeUndefined();
    expect(registry.named('work')).toHaveLength(2);
  });

  it('does not find by name what another server was seen to own, but by id', () => {
    const registry = registryOf({ id: 'abcdefgh', name: 'work', isOwned: false });
    expect(registry.byName('local', 'work')).toBeUndefined();
    expect(registry.named('work')).toEqual([]);
    expect(registry.known('abcdefgh').name).toBe('work');
  });

  it('finds a session under its new id only, once it has one', () => {
    const registry = new SessionRegistry();
    const moving = { ...session({ id: 'abcdefgh', name: 'work' }) };
    registry.add(moving as Session);
    registry.rekey(moving as Session, () => Object.assign(moving, { id: 'ijklmnop' }));
    expect(registry.get('abcdefgh')).toBeUndefined();
    expect(registry.get('ijklmnop')).toBe(moving);
    expect(registry.byPty('abcdefgh')).toBe(moving);
    registry.add(session({ id: 'ijklmnop', name: 'anew' }));
    registry.remove(moving as Session);
    expect(registry.known('ijklmnop').name).toBe('anew');
  });
});
