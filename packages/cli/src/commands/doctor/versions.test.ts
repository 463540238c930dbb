import { describe, expect, it } from 'vitest';
import { checkVersions, type Versions } from './versions.ts';

const VERSIONS: Versions = {
  client: '1.2.0',
  node: '24.21.0',
  protocol: { min: 1, max: 2 },
  daemon: '1.2.0',
  daemonProtocol: 2,
  ptyHosts: [{ id: 'a1', version: '1.2.0' }],
};

function check(versions: Partial<Versions>): Record<string, string> {
  const findings = checkVersions({ ...VERSIONS, ...versions });
  return Object.fromEntries(findings.map(({ name, status, message }) => [name, `${status}: ${message}`]));
}

describe('versions', () => {
  it('are in order when everything is of one release', () => {
    expect(check({})).toEqual({
      node: 'ok: Node 24.21.0',
      versions: 'ok: triterm and tritermd 1.2.0, protocol 2',
      'pty-hosts': 'ok: a1 1.2.0',
    });
  });

  it('of the client alone are in order without a daemon', () => {
    expect(check({ daemon: null, daemonProtocol: null, ptyHosts: [] })).toEqual({
      node: 'ok: Node 24.21.0',
      versions: 'ok: triterm 1.2.0, protocol 2',
    });
  });

  it('of client and daemon that differ ask for a restart', () => {
    const [, finding] = checkVersions({ ...VERSIONS, daemon: '1.1.0', daemonProtocol: 1 });
    expect(finding).toEqual({
      name: 'versions',
      status: 'warning',
      message: 'triterm 1.2.0, protocol 2, but tritermd 1.1.0.',
      fix: expect.stringContaining('triterm daemon restart'),
    });
  });

  it('of older pty-hosts are no trouble', () => {
    const ptyHosts = [
      { id: 'a1', version: '1.1.0' },
      { id: 'b2', version: '1.2.0' },
    ];
    expect(check({ ptyHosts })['pty-hosts']).toBe(
      'ok: a1 1.1.0, b2 1.2.0; those of another release leave after their last session',
    );
    expect(check({ ptyHosts: [] })['pty-hosts']).toBe('ok: none yet; the first session starts one');
  });

  it.each([
    ['22.15.0', 'ok'],
    ['22.14.9', 'problem'],
    ['23.0.0', 'ok'],
    ['20.20.2', 'problem'],
    ['26.0.0-nightly', 'ok'],
  ])('of Node: %s is %s', (node, status) => expect(check({ node }).node).toMatch(new RegExp(`^${status}: `)));
});
