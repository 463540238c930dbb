import { describe, expect, it } from 'vitest';
import { passedSocket, readServiceEnvironment, takeServiceEnvironment } from './service-environment.ts';

const PID = 4242;
const USER_UNIT = '0::/user.slice/user-1000.slice/user@1000.service/app.slice/tritermd.service\n';
const read = (env: NodeJS.ProcessEnv, cgroups = '0::/\n') => readServiceEnvironment(env, PID, cgroups);

describe('what the service manager tells', () => {
  it('is nothing where there is none', () => {
    expect(read({ PATH: '/bin' })).toEqual({
      notifySocket: undefined,
      watchdogMs: undefined,
      descriptors: [],
      unit: undefined,
    });
  });

  it('reaches no child', () => {
    const env = {
      PATH: '/bin',
      NOTIFY_SOCKET: '@/org/notify',
      WATCHDOG_USEC: '30000000',
      WATCHDOG_PID: String(PID),
      LISTEN_PID: String(PID),
      LISTEN_FDS: '1',
      LISTEN_FDNAMES: 'tritermd',
      LISTEN_PIDFDID: '7',
    };
    expect(takeServiceEnvironment(env, PID)).toMatchObject({
      notifySocket: '@/org/notify',
      watchdogMs: 30_000,
    });
    expect(env).toEqual({ PATH: '/bin' });
  });

  it('has a watchdog only when it is ours and has a time', () => {
    expect(read({ WATCHDOG_USEC: '1500000' }).watchdogMs).toBe(1500);
    expect(read({ WATCHDOG_USEC: '1500000', WATCHDOG_PID: '1' }).watchdogMs).toBeUndefined();
    expect(read({ WATCHDOG_USEC: '0' }).watchdogMs).toBeUndefined();
    expect(read({ WATCHDOG_USEC: 'x' }).watchdogMs).toBeUndefined();
  });

  it('has descriptors only when they are for us', () => {
    const env = { LISTEN_PID: String(PID), LISTEN_FDS: '2', LISTEN_FDNAMES: 'other:tritermd' };
    expect(read(env).descriptors).toEqual([
      { fd: 3, name: 'other' },
      { fd: 4, name: 'tritermd' },
    ]);
    expect(read({ ...env, LISTEN_PID: '1' }).descriptors).toEqual([]);
    expect(read({ ...env, LISTEN_FDS: 'two' }).descriptors).toEqual([]);
    expect(read({ ...env, LISTEN_FDS: '1000000000' }).descriptors).toHaveLength(64);
  });

  it('says which descriptor is the daemon’s: the one of its name, or the only one', () => {
    const other = { fd: 3, name: 'other' };
    expect(passedSocket([other, { fd: 4, name: 'tritermd' }])).toBe(4);
    expect(passedSocket([other])).toBe(3);
    expect(passedSocket([other, { fd: 4, name: 'another' }])).toBeUndefined();
    expect(passedSocket([])).toBeUndefined();
  });

  it('names the unit and whose manager it is', () => {
    const env = { INVOCATION_ID: 'x', SYSTEMD_EXEC_PID: String(PID) };
    expect(read(env, USER_UNIT).unit).toEqual({ unit: 'tritermd.service', scope: 'user' });
    expect(read(env, '1:name=systemd:/system.slice/my-tritermd.service\n').unit).toEqual({
      unit: 'my-tritermd.service',
      scope: 'system',
    });
    expect(read(env, '').unit).toEqual({ unit: 'tritermd.service', scope: 'system' });
  });

  it('names no unit to a process that only descends from one', () => {
    expect(read({ INVOCATION_ID: 'x', SYSTEMD_EXEC_PID: '1' }, USER_UNIT).unit).toBeUndefined();
    expect(read({ INVOCATION_ID: 'x' }, USER_UNIT).unit).toBeUndefined();
    expect(read({ INVOCATION_ID: 'x', NOTIFY_SOCKET: '/n' }, USER_UNIT).unit).toBeDefined();
  });
});
