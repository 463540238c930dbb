import { setImmediate } from 'node:timers/promises';
import { type Principal, SOCKET_OWNER } from '@triterm/core/domain';
import { describe, expect, it } from 'vitest';
import { AnswerSlots } from './answer-slots.ts';

/** A connection whose client reads its answers when it is told to, or goes. */
function client(userId = 'ada') {
  const gone = new AbortController();
  const read = Promise.withResolvers<void>();
  gone.signal.addEventListener('abort', () => read.resolve());
  const principal: Principal = { ...SOCKET_OWNER, userId };
  return {
    principal,
    gone: gone.signal,
    drained: () => read.promise,
    read: read.resolve,
    leave: () => gone.abort(),
  };
}
const patient = { perUser: 2, waitMs: 10_000 };

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await setImmediate();
}

describe('large answers', () => {
  it('are made for a few requests of one user at once, until they were read', async () => {
    const slots = new AnswerSlots(patient);
    const [one, two] = [client(), client()];
    const made: string[] = [];
    const ask = (who: typeof one, name: string) =>
      slots.run('session.search', who, async () => void made.push(name));
    const all = [ask(one, '1'), ask(one, '2'), ask(two, '3'), ask(two, '4'), ask(two, '5')];
    await settle();
    expect(made).toEqual(['1', '2']);
    one.read();
    await settle();
    expect(made).toEqual(['1', '2', '3', '4']);
    two.read();
    await Promise.all(all);
    expect(made).toEqual(['1', '2', '3', '4', '5']);
  });

  it('keep nobody else, and no other request', async () => {
    const slots = new AnswerSlots({ ...patient, perUser: 1 });
    await slots.run('session.capture', client(), async () => {});
    expect(await slots.run('session.capture', client('bob'), async () => 'done')).toBe('done');
    expect(await slots.run('session.show', client(), async () => 'done')).toBe('done');
  });

  it('are refused to who waits too long, and not made for who has gone', async () => {
    const slots = new AnswerSlots({ perUser: 1, waitMs: 20 });
    const holder = client();
    await slots.run('session.list', holder, async () => {});
    await expect(slots.run('session.list', client(), async () => {})).rejects.toMatchObject({
      code: 'TOO_MANY_WAITING',
    });
    const leaving = client();
    const asked = slots.run('session.list', leaving, async () => {});
    leaving.leave();
    await expect(asked).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    holder.leave();
    await settle();
    expect(await slots.run('session.list', client(), async () => 'done')).toBe('done');
  });

  it('leave no place to who has given up at the moment at which it was free', async () => {
    const slots = new AnswerSlots({ ...patient, perUser: 1 });
    const holder = client();
    await slots.run('session.list', holder, async () => {});
    const leaving = client();
    const asked = slots.run('session.list', leaving, async () => {});
    await settle();
    holder.read();
    leaving.leave();
    await asked.catch(() => {});
    await settle();
    expect(await slots.run('session.list', client(), async () => 'done')).toBe('done');
  });

  it('that could not be made are no longer under way', async () => {
    const slots = new AnswerSlots({ ...patient, perUser: 1 });
    const one = client();
    one.read();
    await expect(slots.run('session.list', one, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await settle();
    expect(await slots.run('session.list', one, async () => 'done')).toBe('done');
  });
});
