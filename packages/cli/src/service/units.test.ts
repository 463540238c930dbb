import { resolvePaths } from '@triterm/core/config/paths';
import { describe, expect, it } from 'vitest';
import { SERVICE_SCOPES, type ServiceScope, type UnitName } from './service-setup.ts';
import { setupHere } from './this-setup.ts';
import { renderUnits } from './units.ts';

/** The content of each unit, by its name. */
function rendered(
  scope: ServiceScope,
  { home = '/home/a', account = 'web' } = {},
): (name: UnitName) => string {
  const paths = resolvePaths({}, home);
  const setup = setupHere({
    scope,
    account: scope === 'user' ? undefined : account,
    paths,
    node: '/opt/node',
  });
  const units = renderUnits(setup);
  return name => units.find(unit => unit.name === name)?.content ?? expect.fail(`There is no ${name}.`);
}

/** Values of a directive, in their order. */
function values(unit: string, name: string): string[] {
  return [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value ?? '');
}

/** Directives by which processes lose rights. */
function restrictions(unit: string): string[] {
  return [
    ...unit.matchAll(/^((?:Protect|Private|Restrict|SystemCall|Capability|Lock|ReadWrite|Limit)\w*)=/gm),
  ].map(([, name]) => name ?? '');
}

/** systemd.exec(5) of 252 and later: in a user's manager these need, and imply, a user namespace. */
const NEEDS_NAMESPACE =
  /^(?:Protect\w*|PrivateTmp|PrivateDevices|PrivateUsers|PrivateMounts|PrivateNetwork|ReadWritePaths|ReadOnlyPaths|InaccessiblePaths|CapabilityBoundingSet)=/m;

describe.each(SERVICE_SCOPES)('units of a %s service', scope => {
  const units = rendered(scope);

  it('take nothing from the programs of a session', () => {
    expect(restrictions(units('triterm-pty-host@.service'))).toEqual([]);
    expect(values(units('triterm-pty-host@.service'), 'NoNewPrivileges')).toEqual(['no']);
    expect(restrictions(units('tritermd.service')).length).toBeGreaterThan(5);
  });

  it('bind no host to the daemon', () => {
    expect(units('triterm-pty-host@.service')).not.toMatch(
      /^(?:PartOf|BindsTo|Requires|Requisite|StopPropagatedFrom)=/m,
    );
  });

  it('let the daemon ask for hosts where a socket hands them out', () => {
    const [asked] = values(units('tritermd.service'), 'Environment')
      .filter(text => text.startsWith('TRITERM_PTY_HOST_SOCKET='))
      .map(text => text.replace('TRITERM_PTY_HOST_SOCKET=', ''));
    expect(values(units('triterm-pty-host.socket'), 'ListenStream')).toEqual([asked]);
    expect(values(units('triterm-pty-host.socket'), 'Accept')).toEqual(['yes']);
  });

  it('keep what a host prints away from its connection', () => {
    for (const stream of ['StandardOutput', 'StandardError'])
      expect(values(units('triterm-pty-host@.service'), stream)).toEqual(['journal']);
  });

  it('let V8 compile', () => {
    expect(units('tritermd.service')).not.toContain('MemoryDenyWriteExecute');
  });

  it('name no secret, and a file where secrets may stand', () => {
    expect(values(units('tritermd.service'), 'EnvironmentFile')[0]).toMatch(/^-\/.*\/tritermd\.env$/);
    expect(units('tritermd.service')).not.toMatch(/DATABASE_URL|PASSWORD/);
  });
});

describe('units of a user service', () => {
  it('need no user namespace, which many systems deny', () => {
    expect(rendered('user')('tritermd.service')).not.toMatch(NEEDS_NAMESPACE);
    expect(rendered('system')('tritermd.service')).toMatch(NEEDS_NAMESPACE);
  });

  it('express a home with spaces and signs', () => {
    const units = rendered('user', {
      home: '/home/a b%c$d',
    });
    const [socket, service] = [units('tritermd.socket'), units('tritermd.service')];
    expect(values(socket, 'ListenStream')).toEqual(['/home/a b%%c$d/.local/state/triterm/run/tritermd.sock']);
    expect(values(service, 'Environment')[0]).toBe('"TRITERM_STATE_DIR=/home/a b%%c$d/.local/state/triterm"');
  });

  it('refuse a home too deep for a socket', () => {
    expect(() => rendered('user', { home: `/home/${'a'.repeat(80)}` })).toThrow(
      expect.objectContaining({ code: 'BAD_CONFIG' }),
    );
  });
});

describe('units of a system service', () => {
  it('make each socket in a directory that the account cannot change meanwhile', () => {
    for (const name of ['tritermd.socket', 'triterm-pty-host.socket'] as const) {
      const socket = rendered('system')(name);
      expect(values(socket, 'SocketUser')).toEqual(['web']);
      expect(values(socket, 'ExecStartPre')).toEqual([
        '/usr/bin/install -d -m 0700 -o root -g root /run/triterm',
      ]);
      expect(values(socket, 'ExecStartPost')).toEqual(['/usr/bin/chown web: /run/triterm']);
    }
  });

  it('run daemon and hosts as the account, without any capability', () => {
    const units = rendered('system');
    expect(values(units('tritermd.service'), 'User')).toEqual(['web']);
    expect(values(units('triterm-pty-host@.service'), 'User')).toEqual(['web']);
    expect(values(units('tritermd.service'), 'CapabilityBoundingSet')).toEqual(['']);
  });

  it('let a daemon of root look where its sessions may start', () => {
    const service = rendered('system', { account: 'root' })('tritermd.service');
    expect(values(service, 'CapabilityBoundingSet')).toEqual(['CAP_DAC_READ_SEARCH']);
  });
});
