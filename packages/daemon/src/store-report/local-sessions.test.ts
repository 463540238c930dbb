import { expect, it } from 'vitest';
import type { Session } from '../session/session.ts';
import { SessionRegistry } from '../session/session-registry.ts';
import { sessionDirectory } from './local-sessions.ts';

it('an operator finds a session by id, name or the beginning of an id, of whichever user', () => {
  const registry = new SessionRegistry();
  const known = { abcdefgh: 'work', abcdxxxx: 'play', ijklmnop: 'abcdefgh', qrstvwxy: 'play' };
  for (const [id, name] of Object.entries(known))
    registry.add({ id, name, record: { isOwned: true } } as unknown as Session);
  const { find } = sessionDirectory(registry);
  expect(find('abcdefgh')?.name).toBe('work');
  expect(find('work')?.id).toBe('abcdefgh');
  expect(find('abcdx')?.id).toBe('abcdxxxx');
  for (const target of ['play', 'abcd'])
    expect(() => find(target)).toThrow(expect.objectContaining({ code: 'AMBIGUOUS_SESSION' }));
  expect([find('abc'), find('worm')]).toEqual([undefined, undefined]);
});
