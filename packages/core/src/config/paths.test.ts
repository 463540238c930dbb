import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolvePaths } from './paths.ts';

const HOME = '/home/ada';

describe('the paths', () => {
  it('lie below the home directory by default', () => {
    expect(resolvePaths({}, HOME)).toEqual({
      stateDir: '/home/ada/.local/state/triterm',
      runDir: '/home/ada/.local/state/triterm/run',
      socket: '/home/ada/.local/state/triterm/run/tritermd.sock',
      hostsDir: '/home/ada/.local/state/triterm/run/hosts',
      lock: '/home/ada/.local/state/triterm/daemon.lock',
      stopMarker: '/home/ada/.local/state/triterm/stopped',
      database: '/home/ada/.local/state/triterm/triterm.db',
      deviceId: '/home/ada/.local/state/triterm/device-id',
      sessionsDir: '/home/ada/.local/state/triterm/sessions',
      logFile: '/home/ada/.local/state/triterm/tritermd.log',
      configFile: '/home/ada/.config/triterm/config.json',
      contextsFile: '/home/ada/.config/triterm/contexts.json',
    });
  });

  it('follow absolute XDG directories and ignore relative and empty ones', () => {
    const set = resolvePaths({ XDG_STATE_HOME: '/var/s', XDG_CONFIG_HOME: '/etc/c' }, HOME);
    expect([set.stateDir, set.configFile]).toEqual(['/var/s/triterm', '/etc/c/triterm/config.json']);
    for (const value of ['', 'state', './state', '~/state'])
      expect(resolvePaths({ XDG_STATE_HOME: value, XDG_CONFIG_HOME: value }, HOME)).toEqual(
        resolvePaths({}, HOME),
      );
  });

  it('do not follow XDG_RUNTIME_DIR, which vanishes at logout', () => {
    expect(resolvePaths({ XDG_RUNTIME_DIR: '/run/user/1000' }, HOME)).toEqual(resolvePaths({}, HOME));
  });

  it('follow our own variables before all', () => {
    const paths = resolvePaths(
      { TRITERM_STATE_DIR: '/s', TRITERM_RUNTIME_DIR: '/r', TRITERM_CONFIG: '/c.json', XDG_STATE_HOME: '/x' },
      HOME,
    );
    expect(paths).toMatchObject({
      stateDir: '/s',
      socket: '/r/tritermd.sock',
      database: '/s/triterm.db',
      configFile: '/c.json',
    });
    expect(resolvePaths({ TRITERM_STATE_DIR: '/s' }, HOME).runDir).toBe('/s/run');
    expect(
      resolvePaths({ TRITERM_STATE_DIR: '', TRITERM_RUNTIME_DIR: '', TRITERM_CONFIG: '' }, HOME),
    ).toEqual(resolvePaths({}, HOME));
  });

  it('are absolute, and end in no slash, which would follow a symlink', () => {
    const env = { TRITERM_STATE_DIR: 'here/', TRITERM_RUNTIME_DIR: '/tmp/link/', TRITERM_CONFIG: './c.json' };
    expect(resolvePaths(env, HOME)).toMatchObject({
      stateDir: resolve('here'),
      runDir: '/tmp/link',
      configFile: resolve('c.json'),
    });
  });
});
