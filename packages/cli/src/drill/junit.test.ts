import { describe, expect, it } from 'vitest';
import { junitXml } from './junit.ts';
import { exampleReport } from './testing/example-report.ts';

describe('reports as JUnit XML', () => {
  it('have a test case each, and count what did not hold', () => {
    const xml = junitXml([
      exampleReport(),
      exampleReport({ name: 'b', verdict: 'skipped', reason: 'no redis-server' }),
      exampleReport({ name: 'c', verdict: 'interrupted', reason: 'It was interrupted.' }),
      exampleReport({
        name: 'd',
        verdict: 'failed',
        reason: 'Not true: x',
        claims: [
          { claim: 'x', held: false, found: '3' },
          { claim: 'y', held: true, found: '' },
        ],
      }),
    ]);
    expect(xml).toContain(
      '<testsuite name="triterm drill" tests="4" failures="1" errors="1" skipped="1" time="6.000">',
    );
    expect(xml).toContain('<testcase classname="triterm.drill.sandbox" name="redis-down"');
    expect(xml).toContain('<skipped message="no redis-server"/>');
    expect(xml).toContain('<error message="It was interrupted." type="interrupted"/>');
    expect(xml).toContain('<failure message="Not true: x" type="claim">x: 3</failure>');
    expect(xml).toContain('measured: slowest write: 3.5 ms');
  });

  it('are well formed whatever was found', () => {
    const nasty = '<&>"\u0000\u001b]]>\ud800';
    const xml = junitXml([
      exampleReport({
        verdict: 'failed',
        reason: nasty,
        claims: [{ claim: nasty, held: false, found: nasty }],
      }),
    ]);
    expect(xml).toContain('message="&lt;&amp;&gt;&quot;\ufffd\ufffd]]&gt;\ufffd"');
    expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/);
  });
});
