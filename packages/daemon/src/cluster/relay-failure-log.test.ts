import { TermError } from '@triterm/core/errors';
import { describe, expect, it } from 'vitest';
import { RelayFailureLog } from './relay-failure-log.ts';

const REFUSED = new TermError('SERVER_UNREACHABLE', 'Cannot connect to 10.0.0.1:7443: connect ECONNREFUSED');
const CERTIFICATE = new TermError('CERTIFICATE_REFUSED', 'The certificate is not accepted.');

describe('why other servers are not reached', () => {
  it('is told once in ten seconds for each server and reason, and then how often it was not', () => {
    const lines: object[] = [];
    let nowMs = 0;
    const log = new RelayFailureLog({ warn: (line: object) => void lines.push(line) } as never, () => nowMs);
    for (let times = 0; times < 100; times += 1) log.failed('b', REFUSED);
    log.failed('b', CERTIFICATE);
    log.failed('c', REFUSED);
    nowMs = 10_000;
    log.failed('b', REFUSED);
    nowMs = 20_000;
    log.failed('b', REFUSED);
    const refused = { code: 'SERVER_UNREACHABLE', error: REFUSED.message };
    expect(lines).toEqual([
      { server: 'b', ...refused },
      { server: 'b', code: 'CERTIFICATE_REFUSED', error: CERTIFICATE.message },
      { server: 'c', ...refused },
      { server: 'b', ...refused, untold: 99 },
      { server: 'b', ...refused },
    ]);
  });
});
