import { TermError } from '@triterm/core/errors';
import { describe, expect, it } from 'vitest';
import { RefusalLog } from './refusal-log.ts';

describe('the log of refusals', () => {
  it('has so many lines a period, and tells how many are missing', () => {
    const lines: string[] = [];
    let nowMs = 0;
    const log = new RefusalLog(
      { warn: (fields, message) => lines.push(`${message} ${JSON.stringify(fields)}`) },
      () => nowMs,
    );
    const error = new TermError('TOKEN_REFUSED', 'Not you.');
    for (let i = 0; i < 1000; i += 1) log.refused('10.0.0.1', error);
    expect(lines).toHaveLength(20);
    expect(lines[0]).toBe(
      'refused a connection {"address":"10.0.0.1","code":"TOKEN_REFUSED","error":"Not you."}',
    );
    nowMs = 10_000;
    log.refused('10.0.0.1', error);
    expect(lines.slice(20)).toEqual(['refused more that were not told of {"connections":980}', lines[0]]);
  });
});
