import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Paths, resolvePaths } from '@triterm/core/config/paths';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServedDaemon } from '../testing/served-daemon.ts';
import { scratchDir } from '../testing/test-context.ts';
import { leaveDaemon, startDaemonForSure } from './daemon-control.ts';

/** Writes down what it is called with, but for questions; `FAILS` says for which verb it fails, `SOCKET` and `SERVICE` how they are loaded. */
const SYSTEMCTL = `#!/bin/sh
case "$*" in
*is-system-running*) echo running; exit 0;;
*show*tritermd.service*) printf 'Id=tritermd.service\\nLoadState=%s\\n' "$SERVICE"; exit 0;;
*show*) printf 'Id=tritermd.socket\\nLoadState=%s\\n' "$SOCKET"; exit 0;;
esac
echo "$*" >> "$CALLS"
case "$*" in *"$FAILS"*) echo "Access denied" >&2; exit 4;; esac
`;

describe('a daemon that systemd manages', () => {
  let scratch: ReturnType<typeof scratchDir>;
  let paths: Paths;
  let env: NodeJS.ProcessEnv;
  let left: unknown[];

  beforeEach(() => {
    scratch = scratchDir();
    paths = resolvePaths({ TRITERM_STATE_DIR: join(scratch.path, 's') });
    mkdirSync(paths.stateDir, { mode: 0o700 });
    const bin = join(scratch.path, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'systemctl'), SYSTEMCTL);
    chmodSync(join(bin, 'systemctl'), 0o755);
    env = {
      PATH: `${bin}:${process.env.PATH}`,
      CALLS: join(scratch.path, 'calls'),
      FAILS: 'nothing',
      SOCKET: 'loaded',
      SERVICE: 'loaded',
    };
    left = [];
  });
  afterEach(() => scratch[Symbol.dispose]());

  function calls(): string[] {
    if (!existsSync(join(scratch.path, 'calls'))) return [];
    const lines = readFileSync(join(scratch.path, 'calls'), 'utf8').trim().split('\n');
    return lines.map(line => line.replaceAll(/--no-\S+ /g, ''));
  }

  /** Nobody has the pid that it tells, so that it has gone as soon as it is asked. */
  function serve(scope: 'user' | 'system'): Promise<ServedDaemon> {
    const manager = { name: 'systemd', unit: 'tritermd.service', scope };
    return ServedDaemon.start(paths, {
      answers: {
        'daemon.status': () => ({ manager }),
        'daemon.shutdown': params => {
          left.push(params);
          return { pid: 2 ** 22 + 1 };
        },
      },
    });
  }

  it('is stopped with its socket, which would start it again, before it is asked to leave', async () => {
    await using _daemon = await serve('user');
    await leaveDaemon(paths, 'stop', true, env);
    expect(calls()).toEqual(['--user stop tritermd.socket', '--user stop tritermd.service']);
    expect(left).toEqual([{ reason: 'stop', killSessions: true }]);
    expect(existsSync(paths.stopMarker)).toBe(true);
  });

  it('is started as any other when its unit was uninstalled meanwhile', async () => {
    await using _daemon = await serve('user');
    await leaveDaemon(paths, 'stop', false, env);
    env = { ...env, SERVICE: 'not-found' };
    (await startDaemonForSure(paths, env)).close();
    expect(calls()).toEqual(['--user stop tritermd.socket', '--user stop tritermd.service']);
  });

  it('is stopped and started alone where its unit has no socket', async () => {
    await using _daemon = await serve('user');
    env.SOCKET = 'not-found';
    await leaveDaemon(paths, 'stop', false, env);
    (await startDaemonForSure(paths, env)).close();
    expect(calls()).toEqual(['--user stop tritermd.service', '--user start tritermd.service']);
  });

  it('is started by the same manager again', async () => {
    await using _daemon = await serve('system');
    await leaveDaemon(paths, 'stop', false, env);
    (await startDaemonForSure(paths, env)).close();
    expect(calls().at(-1)).toBe('start tritermd.socket tritermd.service');
    expect(existsSync(paths.stopMarker)).toBe(false);
  });

  it('goes on where systemd does not stop it', async () => {
    await using _daemon = await serve('system');
    env.FAILS = 'stop tritermd.socket';
    await expect(leaveDaemon(paths, 'stop', false, env)).rejects.toMatchObject({
      code: 'SERVICE_FAILED',
      message: expect.stringContaining('Access denied'),
    });
    expect(left).toEqual([]);
    expect(existsSync(paths.stopMarker)).toBe(false);
  });

  it('is stopped on purpose still where systemd does not start it', async () => {
    await using _daemon = await serve('system');
    await leaveDaemon(paths, 'stop', false, env);
    env.FAILS = 'start tritermd.socket';
    await expect(startDaemonForSure(paths, env)).rejects.toMatchObject({ code: 'SERVICE_FAILED' });
    expect(existsSync(paths.stopMarker)).toBe(true);
  });

  it('is only asked to make room when it restarts: systemd has its socket', async () => {
    await using _daemon = await serve('user');
    await leaveDaemon(paths, 'restart', false, env);
    expect(calls()).toEqual([]);
    expect(left).toEqual([{ reason: 'restart', killSessions: false }]);
  });
});
