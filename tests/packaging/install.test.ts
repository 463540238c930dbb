import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Installation } from '../support/installation.ts';
import { liveThroughADay } from './day-in-the-life.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const INSTALL_TIMEOUT_MS = 180_000;

const run = promisify(execFile);

describe('the packed packages, installed into an empty prefix', () => {
  let installation: Installation;

  beforeAll(async () => {
    installation = await Installation.make();
  }, INSTALL_TIMEOUT_MS);

  afterAll(async () => {
    await triterm(['daemon', 'start']);
    const { ptyHostPid } = JSON.parse((await triterm(['daemon', 'status', '--json'])).stdout);
    await triterm(['daemon', 'stop']);
    // It would keep what its sessions have said for their retention.
    if (ptyHostPid !== null) process.kill(ptyHostPid, 'SIGQUIT');
    installation.dispose();
  });

  /** Where no repository is around, with nothing on the PATH but Node, the prefix and the system. */
  function triterm(args: readonly string[]) {
    const { dir, path } = installation;
    return run(installation.triterm, args, {
      cwd: dir,
      env: {
        HOME: dir,
        PATH: path,
        SHELL: '/bin/bash',
        TERM: 'xterm-256color',
        TRITERM_STATE_DIR: join(dir, 's'),
      },
    });
  }

  it('hold no sources, tests or build records', () => {
    const installed = join(installation.prefix, 'lib/node_modules');
    const files = ['triterm', '@triterm/daemon', '@triterm/core']
      .flatMap(name => readdirSync(join(installed, name), { recursive: true, encoding: 'utf8' }))
      .filter(file => !file.includes('node_modules/'));
    expect(
      files.filter(file => /(?:^|\/)src\/|\.test\.|tsbuildinfo|\.bootstrap|(?<!\.d)\.tsx?$/.test(file)),
    ).toEqual([]);
    expect(files.filter(file => /^LICENSE$/.test(file))).toHaveLength(3);
  });

  it('tell the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect((await triterm(['--version'])).stdout).toBe(`${version}\n`);
  });

  it('start a session, list it, run a command in its integrated shell and end it', async () => {
    const id = (await triterm(['new', '-d', '-n', 'packed'])).stdout.trim();
    const listed = JSON.parse((await triterm(['ls', '--json'])).stdout);
    expect(listed).toMatchObject([{ id, name: 'packed', state: 'running' }]);

    // Both work only where the integration scripts were found.
    await triterm(['wait', 'packed', '--command', '--timeout', '20']);
    const { stdout } = await triterm(['run', 'packed', '--timeout', '20', '--', 'echo', 'from the package']);
    expect(stdout).toBe('from the package\n');

    await triterm(['kill', 'packed']);
    await triterm(['wait', 'packed', '--exit', '--timeout', '20']);
    const [ended] = JSON.parse((await triterm(['ls', '--json'])).stdout);
    expect(ended).toMatchObject({ id, state: 'exited' });
  });

  it('print the completions that came with them', async () => {
    for (const shell of ['bash', 'zsh', 'fish'])
      expect((await triterm(['completion', shell])).stdout).toContain('triterm');
  });

  it('live through a day of three servers and lose no session, no byte and no row', async () => {
    await liveThroughADay(installation);
  });

  it('stop the daemon, and then no command starts it', async () => {
    await triterm(['daemon', 'stop', '--kill-sessions']);
    await expect(triterm(['ls'])).rejects.toMatchObject({ code: 6 });
  });
});
