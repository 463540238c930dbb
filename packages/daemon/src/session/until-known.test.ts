import { TermError } from '@triterm/core/errors';
import { describe, expect, it } from 'vitest';
import { untilKnown } from './until-known.ts';

/** A write whose tries end so, one after the other. */
function write(...ends: (TermError | number)[]) {
  const tries = { count: 0 };
  const once = async () => {
    const end = ends[tries.count++];
    if (end instanceof TermError) throw end;
    return end;
  };
  return { tries, once };
}

const unknown = new TermError('OUTCOME_UNKNOWN', 'No answer.');
const away = new TermError('STORE_UNAVAILABLE', 'Nobody there.');

describe('untilKnown', () => {
  it('repeats a write of unknown outcome, also while the store is away', async () => {
    const { tries, once } = write(unknown, away, 7);
    expect(await untilKnown(once, [1, 1, 1])).toBe(7);
    expect(tries.count).toBe(3);
  });

  it('repeats nothing that was refused, and says what a repetition finds', async () => {
    const refused = write(away, 7);
    await expect(untilKnown(refused.once, [1])).rejects.toBe(away);
    expect(refused.tries.count).toBe(1);
    const stale = new TermError('STALE_REVISION', 'Another epoch.');
    await expect(untilKnown(write(unknown, stale, 7).once, [1, 1])).rejects.toBe(stale);
  });

  it('says that the outcome is unknown when it stays so', async () => {
    const { tries, once } = write(unknown, away, away);
    await expect(untilKnown(once, [1, 1])).rejects.toBe(unknown);
    expect(tries.count).toBe(3);
  });
});
