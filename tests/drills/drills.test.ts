import type { DrillReport } from '@triterm/core/domain';
import { beforeAll, describe, expect, it } from 'vitest';
import { DrillProgram, drillNames } from '../support/drill-program.ts';
import { sideBySide } from '../support/side-by-side.ts';

const NAMES = await drillNames();
/** Needs everything that a drill can need but sentinels. */
const NEEDY = 'split-brain';

interface Outcome {
  readonly report: DrillReport | undefined;
  readonly leavings: readonly string[];
}

describe('a drill', () => {
  let outcome: (name: string) => Promise<Outcome>;
  beforeAll(() => {
    outcome = sideBySide(2, NAMES, async name => {
      await using program = new DrillProgram(['run', name]);
      await program.ended();
      return { report: program.reports[0], leavings: await program.leavings() };
    });
  });

  it.each(NAMES)('holds: %s', async name => {
    const { report, leavings } = await outcome(name);
    expect(report?.verdict, told(report)).toBe('held');
    expect(leavings).toEqual([]);
  });
});

describe('a drill that is ended in the middle', () => {
  it('is told to be interrupted, and leaves nothing, on SIGTERM', async () => {
    await using program = new DrillProgram(['run', NEEDY, NEEDY]);
    await program.step('cut drill-1 off');
    program.signal('SIGTERM');
    expect(await program.ended()).toBe(0);
    expect(program.reports.map(({ verdict }) => verdict)).toEqual(['interrupted']);
    expect(await program.leavings()).toEqual([]);
  });

  it('leaves nothing when its program is killed with SIGKILL', async () => {
    await using program = new DrillProgram(['run', NEEDY]);
    await program.step('cut drill-1 off');
    program.signal('SIGKILL');
    await program.ended();
    expect(await program.leavings()).toEqual([]);
  });
});

it('a drill whose servers are not installed is skipped, and says what to install', async () => {
  await using program = new DrillProgram(['run', 'redis-down'], { PATH: '/nowhere' });
  expect(await program.ended()).toBe(0);
  expect(program.reports).toMatchObject([
    { name: 'redis-down', verdict: 'skipped', reason: expect.stringContaining('redis-server'), claims: [] },
  ]);
});

/** What a reader of a failure wants to know. */
function told(report: DrillReport | undefined): string {
  if (report === undefined) return 'it has not told how it ended';
  const claims = report.claims.map(
    ({ claim, held, found }) => `${held ? 'true' : 'NOT TRUE'}: ${claim} (${found})`,
  );
  return [`${report.name}: ${report.reason ?? report.verdict}`, ...claims].join('\n');
}
