import { painter } from '@triterm/core/terminal';
import { describe, expect, it } from 'vitest';
import { narrate, summary } from './narrator.ts';
import { exampleReport } from './testing/example-report.ts';

const plain = painter(false);
const told = (event: Parameters<typeof narrate>[0]) => narrate(event, plain).join('\n');

describe('a drill is told of', () => {
  it('as it goes on', () => {
    expect(told({ event: 'started', drill: exampleReport() })).toBe('redis-down\n  Nothing fails.');
    expect(told({ event: 'step', name: 'redis-down', what: 'stop Redis' })).toBe('  stop Redis …');
    expect(told({ event: 'claim', name: 'redis-down', claim: 'all is well', held: true, found: '' })).toBe(
      '  ✓ all is well',
    );
    expect(
      told({ event: 'claim', name: 'redis-down', claim: 'all is well', held: false, found: '3 of 4' }),
    ).toBe('  ✗ all is well (3 of 4)');
    expect(
      told({ event: 'measurement', name: 'redis-down', what: 'slowest write', value: 3.5, unit: 'ms' }),
    ).toBe('  slowest write: 3.5 ms');
  });

  it('at its end, with the reason and what was kept', () => {
    expect(told({ event: 'ended', report: exampleReport() })).toBe('  held: redis-down, after 1.5 s\n');
    const failed = exampleReport({ verdict: 'failed', reason: 'Not true: all is well', kept: '/tmp/d' });
    expect(told({ event: 'ended', report: failed })).toBe(
      '  failed: redis-down, after 1.5 s: Not true: all is well; kept in /tmp/d\n',
    );
  });

  it('so that what a program said cannot steer the terminal', () => {
    const claim = {
      event: 'claim',
      name: 'd',
      claim: 'it is shown',
      held: false,
      found: '\u001b[2Jgone',
    } as const;
    expect(told(claim)).not.toContain('\u001b');
  });

  it('in a sum that counts nothing as held but what held', () => {
    const reports = (['held', 'failed', 'skipped', 'skipped', 'error'] as const).map(verdict =>
      exampleReport({ verdict }),
    );
    expect(summary(reports)).toBe('1 of 5 held, 1 failed, 1 error, 2 skipped');
    expect(summary([exampleReport()])).toBe('1 of 1 held');
  });
});
