import { TermError } from '@triterm/core/errors';
import { describe, expect, it } from 'vitest';
import { underLease, whileLeaseHeld } from './lease.ts';

/** A lease whose server believes `held`, while the database takes incarnation `valid` for the living one. */
function setUp(held: boolean, valid: number) {
  const asked: (number | undefined)[] = [];
  const lease = {
    held,
    incarnation: 1,
    ensure: async (_timeoutMs: number, refused?: number) => {
      asked.push(refused);
      lease.held = true;
      lease.incarnation = valid;
      return true;
    },
  };
  const tried: number[] = [];
  const write = async (incarnation: number) => {
    tried.push(incarnation);
    if (incarnation !== valid) throw new TermError('LEASE_LOST', 'It has lapsed.');
    return 'written';
  };
  return { lease, write, asked, tried };
}

describe('a write under a lease', () => {
  it('is done at once while it is held', async () => {
    const { lease, write, asked, tried } = setUp(true, 1);
    expect(await underLease(lease, write)).toBe('written');
    expect([asked, tried]).toEqual([[], [1]]);
  });

  it('waits for one that this server knows to be lost', async () => {
    const { lease, write, asked, tried } = setUp(false, 2);
    expect(await underLease(lease, write)).toBe('written');
    expect([asked, tried]).toEqual([[undefined], [2]]);
  });

  it('is repeated once under a new one, when only the database knows that it is lost, as after a sleep', async () => {
    const { lease, write, asked, tried } = setUp(true, 2);
    expect(await underLease(lease, write)).toBe('written');
    expect([asked, tried]).toEqual([[1], [1, 2]]);
  });

  it('is refused as the database refuses it, when no lease can be had', async () => {
    const { lease, write, tried } = setUp(true, 2);
    lease.ensure = async () => false;
    await expect(underLease(lease, write)).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect(tried).toEqual([1, 1]);
  });

  it('is not repeated for another error', async () => {
    const { lease, tried } = setUp(true, 1);
    const write = async (incarnation: number) => {
      tried.push(incarnation);
      throw new TermError('OUTCOME_UNKNOWN', 'No answer.');
    };
    await expect(underLease(lease, write)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    expect(tried).toEqual([1]);
  });

  it('that nobody waits for is not even tried without one', async () => {
    const { lease, write, asked, tried } = setUp(false, 1);
    await expect(whileLeaseHeld(lease, write)).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect([asked, tried]).toEqual([[], []]);
  });
});
