import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { resolvePaths } from '@triterm/core/config/paths';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServedDaemon } from '../../testing/served-daemon.ts';
import { scratchDir } from '../../testing/test-context.ts';
import type { Finding } from './finding.ts';
import { checkPlaces } from './places.ts';

const IS_ROOT = process.geteuid?.() === 0;

let scratch: ReturnType<typeof scratchDir>;
beforeEach(() => {
  scratch = scratchDir();
});
afterEach(() => scratch[Symbol.dispose]());

function check(env: NodeJS.ProcessEnv = {}): Record<string, Finding> {
  const paths = resolvePaths({ TRITERM_STATE_DIR: `${scratch.path}/state`, ...env });
  return Object.fromEntries(checkPlaces(paths).map(finding => [finding.name, finding]));
}

function statuses(findings: Record<string, Finding>): Record<string, string> {
  return Object.fromEntries(Object.entries(findings).map(([name, { status }]) => [name, status]));
}

const FINE = { 'state directory': 'ok', 'runtime directory': 'ok', socket: 'ok' };

describe('the places', () => {
  it('are in order before anything was made, and nothing is made', () => {
    expect(statuses(check())).toEqual(FINE);
    expect(check()['state directory']?.message).toBe(`${scratch.path}/state is made when the daemon starts`);
  });

  it('are in order when they are ours alone', async () => {
    const paths = resolvePaths({ TRITERM_STATE_DIR: `${scratch.path}/state` });
    mkdirSync(paths.stateDir, { mode: 0o700 });
    await using _daemon = await ServedDaemon.start(paths);
    expect(statuses(check())).toEqual(FINE);
    expect(check().socket?.message).toBe(paths.socket);
  });

  it('are a problem when others may enter', () => {
    mkdirSync(`${scratch.path}/state`);
    chmodSync(`${scratch.path}/state`, 0o755);
    expect(check()['state directory']).toMatchObject({
      status: 'problem',
      message: expect.stringContaining('mode 0755'),
      fix: expect.stringContaining('chmod 700'),
    });
  });

  it('are a problem as symlinks and files', () => {
    mkdirSync(`${scratch.path}/real`, { mode: 0o700 });
    symlinkSync(`${scratch.path}/real`, `${scratch.path}/state`);
    expect(check()['state directory']).toMatchObject({
      status: 'problem',
      message: expect.stringContaining('symlink'),
    });
    writeFileSync(`${scratch.path}/real/run`, '');
    expect(check({ TRITERM_STATE_DIR: `${scratch.path}/real` })['runtime directory']?.status).toBe('problem');
  });

  it('are a problem when the path of the socket is too long, or that of a host is', () => {
    const long = (length: number) => `${scratch.path}/${'x'.repeat(length - scratch.path.length - 1)}`;
    expect(check({ TRITERM_RUNTIME_DIR: long(100) }).socket?.status).toBe('problem');
    // `/tritermd.sock` would fit, `/hosts/01234567.sock` does not.
    expect(check({ TRITERM_RUNTIME_DIR: long(90) }).socket?.status).toBe('problem');
    expect(check({ TRITERM_RUNTIME_DIR: long(87) }).socket?.status).toBe('ok');
  });

  it.runIf(IS_ROOT)("are a problem when a file in them is another user's, as after sudo", () => {
    mkdirSync(`${scratch.path}/state`, { mode: 0o700 });
    writeFileSync(`${scratch.path}/state/triterm.db`, '');
    chownSync(`${scratch.path}/state/triterm.db`, 65534, 65534);
    expect(check().owner).toMatchObject({
      status: 'problem',
      fix: `sudo chown 0 ${scratch.path}/state/triterm.db`,
    });
  });
});
