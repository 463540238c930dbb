import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Triterm } from '../support/triterm.ts';

/**
 * How much systemd-analyze(1) leaves a daemon to do, 10 being all. What is left: the network and unix sockets, memory that is
 * written and run (V8), homes and /tmp to look at, other processes' figures, and in a user's manager all that takes a
 * namespace or a capability to be taken away.
 */
const MOST_EXPOSURE = { user: 6.7, system: 1.9 } as const;
/** What it must find done, by its names for it. */
const DONE_FOR_ALL = [
  'NoNewPrivileges=',
  'RestrictNamespaces=~user',
  'RestrictSUIDSGID=',
  'SystemCallArchitectures=',
  'SystemCallFilter=~@privileged',
  'SystemCallFilter=~@resources',
  'UMask=',
];
const DONE = {
  user: DONE_FOR_ALL,
  system: [
    ...DONE_FOR_ALL,
    'CapabilityBoundingSet=~CAP_SYS_ADMIN',
    'CapabilityBoundingSet=~CAP_(DAC_*|FOWNER|IPC_OWNER)',
    'PrivateDevices=',
    'ProtectControlGroups=',
    'ProtectKernelTunables=',
    'ProtectProc=',
    'ProtectSystem=',
    'User=/DynamicUser=',
  ],
} as const;
const STATIC = join(import.meta.dirname, '../../systemd');

const hasAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0;

interface PrintedFile {
  readonly name: string;
  readonly content: string;
}

describe.skipIf(!hasAnalyze)('the units, as systemd-analyze sees them (skipped where there is none)', () => {
  let dir: string;
  let triterm: Triterm;

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'units-'));
    triterm = new Triterm();
  });
  afterAll(async () => {
    await triterm[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true, force: true });
  });

  function analyze(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
    const env = { ...process.env, XDG_RUNTIME_DIR: dir, LC_ALL: 'C', SYSTEMD_COLORS: '0' };
    return spawnSync('systemd-analyze', args, { encoding: 'utf8', env, timeout: 30_000 });
  }

  function written(name: string, files: readonly PrintedFile[]): string[] {
    const place = mkdtempSync(join(dir, `${name}-`));
    return files.map(file => {
      writeFileSync(join(place, file.name), file.content);
      return join(place, file.name);
    });
  }

  async function printed(scope: 'user' | 'system'): Promise<PrintedFile[]> {
    const account = scope === 'user' ? [] : ['--account', 'daemon'];
    const { stdout } = await triterm.run([
      'service',
      'install',
      `--${scope}`,
      ...account,
      '--dry-run',
      '--json',
    ]);
    return JSON.parse(stdout).files;
  }

  describe.each(['user', 'system'] as const)('of a %s service', scope => {
    it('are understood to the last key', async () => {
      const { status, stderr } = analyze(
        `--${scope}`,
        'verify',
        '--man=no',
        ...written(scope, await printed(scope)),
      );
      expect(stderr).toBe('');
      expect(status).toBe(0);
    });

    it('leave the daemon little to do', async () => {
      const files = written(scope, await printed(scope)).filter(path => path.endsWith('/tritermd.service'));
      const { stdout } = analyze(`--${scope}`, 'security', '--offline=true', '--no-pager', ...files);
      const exposure = Number(/Overall exposure level for tritermd\.service: ([\d.]+)/.exec(stdout)?.[1]);
      expect(exposure).toBeGreaterThan(0);
      expect(exposure).toBeLessThanOrEqual(MOST_EXPOSURE[scope]);

      const { stdout: json } = analyze(`--${scope}`, 'security', '--offline=true', '--json=short', ...files);
      const findings: { name: string; exposure: string | null }[] = JSON.parse(json);
      const done = findings.filter(finding => finding.exposure === null).map(({ name }) => name);
      expect(done).toEqual(expect.arrayContaining([...DONE[scope]]));
    });

    it('are understood as packages bring them, too', () => {
      const files = readdirSync(join(STATIC, scope)).map(name => ({
        name,
        // Their programs are where a package would have put them.
        content: readFileSync(join(STATIC, scope, name), 'utf8').replaceAll(
          /\/usr\/bin\/(?:tritermd|node)\b/g,
          process.execPath,
        ),
      }));
      const { status, stderr } = analyze(
        `--${scope}`,
        'verify',
        '--man=no',
        ...written(`packaged-${scope}`, files),
      );
      expect(stderr).toBe('');
      expect(status).toBe(0);
    });
  });

  it('would not pass with a key that systemd does not know, though that leaves with 0', async () => {
    const files = (await printed('user')).map(({ name, content }) => ({
      name,
      content: content.replace('WatchdogSec=', 'WatchdogSeconds='),
    }));
    const { status, stderr } = analyze('--user', 'verify', '--man=no', ...written('unknown', files));
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: expect.stringMatching(/Unknown key (?:name )?'WatchdogSeconds'/),
    });
  });
});
