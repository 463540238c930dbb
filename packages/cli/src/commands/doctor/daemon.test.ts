import { TermError } from '@triterm/core/errors';
import type { Result } from '@triterm/core/protocol';
import { describe, expect, it } from 'vitest';
import { checkDaemon, type DaemonFacts } from './daemon.ts';

const STATUS: Result<'daemon.status'> = {
  pid: 10,
  ptyHostPid: 11,
  version: '1.0.0',
  protocol: 1,
  uptimeMs: 7_200_000,
  sessions: 3,
  clients: 2,
  server: 'host',
  stateDir: '/s',
  socket: '/s/run/sock',
  store: 'ok',
  ptyHosts: [],
  memoryBytes: 50 * 2 ** 20,
  listen: [],
  draining: false,
  lease: { held: true, leftMs: 12_000, incarnation: 1 },
  manager: null,
};
const ABSENT: DaemonFacts = {
  status: null,
  record: null,
  isStopped: false,
  hasSocket: false,
  paths: { socket: '/s/run/sock', stopMarker: '/s/stopped', lock: '/s/lock' },
};
const RUNNING: DaemonFacts = {
  ...ABSENT,
  status: STATUS,
  record: { pid: 10, startTime: 1, isRunning: true },
  hasSocket: true,
};

function check(facts: DaemonFacts): string[] {
  return checkDaemon(facts).map(({ name, status, message }) => `${status} ${name}: ${message}`);
}

function fixes(facts: DaemonFacts): (string | null)[] {
  return checkDaemon(facts).map(finding => finding.fix);
}

describe('a daemon', () => {
  it('that answers is in order', () => {
    expect(check(RUNNING)).toEqual([
      'ok daemon: runs with pid 10 for 2h; sessions 3, clients 2, 50 MiB',
      'ok lock: held by pid 10',
      'ok store: ok',
    ]);
    expect(fixes(RUNNING)).toEqual([null, null, null]);
  });

  it('that is not there yet is in order', () => {
    expect(check(ABSENT)).toEqual(['ok daemon: does not run; the next command that needs it starts it']);
  });

  it('that was stopped is started by nobody but `daemon start`', () => {
    expect(check({ ...ABSENT, isStopped: true })[0]).toMatch(/^warning daemon: .*on purpose/);
    expect(fixes({ ...ABSENT, isStopped: true })[0]).toContain('triterm daemon start');
  });

  it('that was killed has left its socket', () => {
    const facts = { ...ABSENT, hasSocket: true, record: { pid: 10, startTime: 1, isRunning: false } };
    expect(check(facts)).toEqual([
      expect.stringMatching(/^ok daemon/),
      'warning stale socket: A daemon that was killed has left /s/run/sock.',
    ]);
  });

  it('that holds the lock but does not listen is a problem', () => {
    const facts = { ...ABSENT, hasSocket: true, record: { pid: 10, startTime: 1, isRunning: true } };
    expect(check(facts)).toEqual([expect.stringMatching(/^problem daemon: tritermd \(pid 10\) holds/)]);
    expect(fixes(facts)[0]).toContain('triterm daemon restart --force');
  });

  it('that hangs is a problem', () => {
    const status = new TermError('DAEMON_NOT_RESPONDING', 'tritermd (pid 10) does not answer.');
    expect(check({ ...RUNNING, status })).toEqual(['problem daemon: tritermd (pid 10) does not answer.']);
    expect(fixes({ ...RUNNING, status })[0]).toContain('--force');
  });

  it('that cannot be asked is a problem, with the advice of the error', () => {
    const status = new TermError('UNSAFE_PATH', '/s/run is open.', { hint: 'chmod 700 /s/run' });
    expect(check({ ...RUNNING, status })).toEqual(['problem daemon: /s/run is open.']);
    expect(fixes({ ...RUNNING, status })).toEqual(['chmod 700 /s/run']);
  });

  it('that is another than the record says is told', () => {
    for (const record of [null, { pid: 9, startTime: 1, isRunning: false }])
      expect(check({ ...RUNNING, record })[1]).toMatch(
        /^warning lock: \/s\/lock.json .* the daemon is pid 10/,
      );
  });

  it('that runs beside a stop marker is told', () => {
    expect(fixes({ ...RUNNING, isStopped: true })).toContain('rm /s/stopped');
  });

  it('whose store is in trouble is told', () => {
    const status = { ...STATUS, store: 'new database; the corrupt one is /s/x' };
    expect(check({ ...RUNNING, status })[2]).toBe('warning store: new database; the corrupt one is /s/x');
  });
});
