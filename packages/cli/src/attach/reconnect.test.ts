import { existsSync, writeFileSync } from 'node:fs';
import { type Paths, resolvePaths } from '@triterm/core/config/paths';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServedDaemon } from '../testing/served-daemon.ts';
import { scratchDir } from '../testing/test-context.ts';
import { type ReconnectOptions, reconnect } from './reconnect.ts';

describe('reconnect', () => {
  let dir: ReturnType<typeof scratchDir>;
  let paths: Paths;

  beforeEach(() => {
    dir = scratchDir();
    paths = resolvePaths({ TRITERM_STATE_DIR: dir.path }, dir.path);
  });

  afterEach(() => dir[Symbol.dispose]());

  /** While others are to start the daemon, none is started from here. */
  function options(signal: AbortSignal = new AbortController().signal): ReconnectOptions {
    return { paths, env: {}, handlers: {}, rivals: 1, othersStart: true, signal, trouble: () => {} };
  }

  it('finds a daemon that others have started, and starts none meanwhile', async () => {
    const connecting = reconnect(options());
    await using _daemon = await ServedDaemon.start(paths);
    const client = await connecting;
    client.close();
    expect(existsSync(paths.logFile)).toBe(false);
  });

  it('gives up where the daemon was stopped on purpose', async () => {
    writeFileSync(paths.stopMarker, '');
    await expect(reconnect(options())).rejects.toMatchObject({ code: 'DAEMON_STOPPED' });
  });

  it('gives up where no further attempt can help', async () => {
    await using _daemon = await ServedDaemon.start(paths, { protocol: { min: 99, max: 99 } });
    await expect(reconnect(options())).rejects.toMatchObject({ code: 'PROTOCOL_MISMATCH' });
  });

  it('ends when it is told to', async () => {
    const controller = new AbortController();
    const connecting = reconnect(options(controller.signal));
    controller.abort(new Error('enough'));
    await expect(connecting).rejects.toThrow('enough');
  });
});
