import { TermError } from '@triterm/core/errors';
import type { ListedSession } from '@triterm/core/store';
import { describe, expect, it } from 'vitest';
import { FreeNames } from './free-names.ts';
import { freeName } from './naming.ts';
import { SessionRegistry } from './session-registry.ts';

const choose = (taken: (name: string) => boolean) => freeName('cat', taken);
const nameTaken = () => new TermError('NAME_TAKEN', 'There is a session of that name.');

function names(...elsewhere: string[]) {
  const list = async () => elsewhere.map(name => ({ name }) as ListedSession);
  return new FreeNames(new SessionRegistry(), { list });
}

describe('free names', () => {
  it('are others for each of a crowd that comes at once', async () => {
    const free = names();
    const all = Promise.withResolvers<void>();
    const used = Array.from({ length: 100 }, () =>
      free.use('ada', choose, async name => {
        await all.promise;
        return name;
      }),
    );
    const others = free.use('bob', choose, async name => name);
    all.resolve();
    expect(new Set(await Promise.all(used)).size).toBe(100);
    expect(await others).toBe('cat');
  });

  it('are free again when they were not used', async () => {
    const free = names();
    const refuse = () => Promise.reject(new Error('no'));
    await expect(free.use('ada', choose, refuse)).rejects.toThrow('no');
    expect(await free.use('ada', choose, async name => name)).toBe('cat');
  });

  it('are chosen by what all servers have where one was taken elsewhere, and given up after a while', async () => {
    const tried: string[] = [];
    const taken = (name: string) => {
      tried.push(name);
      return name === 'cat-3' ? Promise.resolve(name) : Promise.reject(nameTaken());
    };
    expect(await names('cat', 'cat-2').use('ada', choose, taken)).toBe('cat-3');
    expect(tried).toEqual(['cat', 'cat-3']);
    const never = () => Promise.reject(nameTaken());
    await expect(names().use('ada', choose, never)).rejects.toMatchObject({ code: 'NAME_TAKEN' });
  });
});
