import { TermError } from '@triterm/core/errors';
import { describe, expect, it } from 'vitest';
import { ClaimBroken, Stage } from './stage.ts';

function stage(signal: AbortSignal = new AbortController().signal) {
  return new Stage(signal, { step() {}, claim() {}, measurement() {} });
}

describe('a stage', () => {
  it('keeps what was done, claimed and measured, in order', async () => {
    const it = stage();
    expect(await it.step('stop Redis', () => 3)).toBe(3);
    it.claim('all is well', true, { rows: 2 });
    it.measure('slowest write', 1.23456, 'ms');
    expect(it.steps).toEqual([{ what: 'stop Redis', durationMs: expect.any(Number) }]);
    expect(it.claims).toEqual([{ claim: 'all is well', held: true, found: '{"rows":2}' }]);
    expect(it.measurements).toEqual([{ what: 'slowest write', value: 1.23, unit: 'ms' }]);
  });

  it('looks until a claim comes true, and breaks it at the deadline with what was seen', async () => {
    const it = stage();
    let looks = 0;
    await it.until('it comes', () => ++looks === 3);
    expect(it.claims[0]).toMatchObject({ claim: 'it comes', held: true });
    const never = it.until('it never comes', () => false, { withinMs: 50, found: () => 'nothing' });
    await expect(never).rejects.toThrow(ClaimBroken);
    expect(it.claims[1]).toEqual({
      claim: 'it never comes',
      held: false,
      found: 'not within 50 ms: nothing',
    });
  });

  it('takes a refusal for true only with the right code', async () => {
    const it = stage();
    const refuse = () => Promise.reject(new TermError('LEASE_LOST', 'no'));
    await it.refused('it is refused', 'LEASE_LOST', refuse);
    await it.refused('it is refused otherwise', 'NAME_TAKEN', refuse);
    await it.refused('it is refused at all', 'NAME_TAKEN', async () => {});
    expect(it.claims.map(({ held, found }) => [held, found])).toEqual([
      [true, 'LEASE_LOST'],
      [false, 'LEASE_LOST'],
      [false, 'it was done'],
    ]);
  });

  it('ends whatever it waits for when it is interrupted', async () => {
    const interruption = new AbortController();
    const it = stage(interruption.signal);
    const hanging = it.step('wait for ever', () => new Promise(() => {}));
    const looking = it.until('it comes', () => new Promise<boolean>(() => {}));
    interruption.abort(new Error('interrupted'));
    await expect(hanging).rejects.toThrow('interrupted');
    await expect(looking).rejects.toThrow('interrupted');
    await expect(it.step('go on', () => {})).rejects.toThrow('interrupted');
  });
});
