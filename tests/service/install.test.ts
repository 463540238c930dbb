import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CommandResult, Triterm } from '../support/triterm.ts';

/** Records how it was called, and answers from files: the real programs only work where systemd is init. */
const PROGRAMS = {
  systemctl: `#!/bin/sh
verb=
for word; do case $word in --*) ;; *) verb=\${verb:-$word} ;; esac; done
echo "systemctl $*" >> "$FAKE/calls"
if [ -e "$FAKE/fail-$verb" ]; then cat "$FAKE/fail-$verb" >&2; exit 1; fi
case "$verb $*" in
  is-system-running*) cat "$FAKE/state" ;;
  show*pty-host@*) cat "$FAKE/hosts" ;;
  show*) cat "$FAKE/units" ;;
esac
`,
  loginctl: `#!/bin/sh
echo "loginctl $*" >> "$FAKE/calls"
case "$*" in *show-user*) cat "$FAKE/linger" ;; esac
`,
  'systemd-analyze': `#!/bin/sh
cat "$FAKE/complaints" >&2
`,
};

const UNITS = ['tritermd.socket', 'triterm-pty-host.socket', 'tritermd.service', 'triterm-pty-host@.service'];
const SOCKETS = 'tritermd.socket triterm-pty-host.socket';

class FakeSystemd extends Triterm {
  readonly unitDir = join(this.dir, '.config/systemd/user');
  readonly #fake = join(this.dir, 'fake');

  constructor() {
    super();
    const bin = join(this.#fake, 'bin');
    mkdirSync(bin, { recursive: true });
    for (const [name, text] of Object.entries(PROGRAMS)) {
      writeFileSync(join(bin, name), text);
      chmodSync(join(bin, name), 0o755);
    }
    Object.assign(this.env, { FAKE: this.#fake, PATH: `${bin}:${this.env.PATH}` });
    this.answer('state', 'running\n');
    this.answer('complaints', '');
    this.answer('hosts', '');
    this.answer('linger', 'yes\n');
    this.answer('units', this.#shown({}));
  }

  answer(name: string, text: string): void {
    writeFileSync(join(this.#fake, name), text);
  }

  /** What `systemctl show` tells when all is well, but for what is given. */
  answerUnits(other: Readonly<Record<string, string>>): void {
    this.answer('units', this.#shown(other));
  }

  #shown(other: Readonly<Record<string, string>>): string {
    const shared = { LoadState: 'loaded', ActiveState: 'active', UnitFileState: 'enabled', DropInPaths: '' };
    const daemon = { MainPID: '4711', Result: 'success', NRestarts: '0', WatchdogUSec: '30s', ...other };
    return UNITS.filter(name => !name.includes('@'))
      .map(name => ({
        Id: name,
        ...shared,
        FragmentPath: join(this.unitDir, name),
        ...(name === 'tritermd.service' ? daemon : {}),
      }))
      .map(unit =>
        Object.entries(unit)
          .map(([key, value]) => `${key}=${value}\n`)
          .join(''),
      )
      .join('\n');
  }

  /** What was asked of the programs that changes anything, and takes the calls away. */
  changes(): string[] {
    const file = join(this.#fake, 'calls');
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    writeFileSync(file, '');
    return text
      .trim()
      .split('\n')
      .map(line => line.replaceAll(/ --(?:user|no-ask-password|no-pager)/g, ''))
      .filter(line => line !== '' && !/ (?:show|show-user|is-system-running)\b/.test(line));
  }

  /** Sessions that run; starts a daemon when there is none. */
  async running(): Promise<{ name: string; pid: number }[]> {
    const listed: { name: string; state: string; pid: number }[] = JSON.parse(
      (await this.run(['ls', '--json'])).stdout,
    );
    return listed.filter(({ state }) => state === 'running').map(({ name, pid }) => ({ name, pid }));
  }

  service(...args: readonly string[]): Promise<CommandResult> {
    return this.run(['service', ...args]);
  }
}

function isAlive(pid: number | undefined): boolean {
  return existsSync(`/proc/${pid}`);
}

describe('triterm service', () => {
  it('installs, finds nothing to do the second time, tells its status, and takes everything away', async () => {
    await using systemd = new FakeSystemd();
    const installed = await systemd.service('install', '--json');
    expect(installed.exitCode).toBe(0);
    expect(JSON.parse(installed.stdout)).toMatchObject({
      scope: 'user',
      written: UNITS.map(name => join(systemd.unitDir, name)),
      lingering: true,
    });
    expect(systemd.changes()).toEqual([
      'systemctl daemon-reload',
      `systemctl enable ${SOCKETS} tritermd.service`,
      `systemctl stop ${SOCKETS} tritermd.service`,
      `systemctl start ${SOCKETS}`,
      'systemctl start tritermd.service',
    ]);
    expect(statSync(join(systemd.unitDir, 'tritermd.service')).mode & 0o777).toBe(0o644);

    expect(JSON.parse((await systemd.service('install', '--json')).stdout).written).toEqual([]);
    expect(systemd.changes()).not.toContainEqual(expect.stringContaining(' stop '));

    const status = await systemd.service('status', '--json');
    expect(JSON.parse(status.stdout)).toMatchObject({ mainPid: 4711, watchdogMs: 30_000, problems: [] });
    expect(status.exitCode).toBe(0);

    systemd.changes();
    expect((await systemd.service('uninstall')).exitCode).toBe(0);
    expect(systemd.changes()).toEqual([
      `systemctl disable --now ${SOCKETS} tritermd.service`,
      'systemctl daemon-reload',
    ]);
    expect(readdirSync(systemd.unitDir)).toEqual([]);
  });

  it('touches and runs nothing in a dry run', async () => {
    await using systemd = new FakeSystemd();
    const { stdout, exitCode } = await systemd.service('install', '--dry-run');
    expect(exitCode).toBe(0);
    for (const name of UNITS) expect(stdout).toContain(`# ${join(systemd.unitDir, name)}\n`);
    expect(systemd.changes()).toEqual([]);
    expect(existsSync(systemd.unitDir)).toBe(false);
  });

  it('has a daemon that was started by hand leave, keeps its sessions, and ends all with --kill', async () => {
    await using systemd = new FakeSystemd();
    await systemd.run(['new', '-d', '-n', 'kept', '--', '/bin/sh']);
    const before = await systemd.running();
    expect(before).toEqual([{ name: 'kept', pid: expect.any(Number) }]);
    const { stderr } = await systemd.service('install');
    expect(stderr).toMatch(
      /tritermd \(pid \d+\), which was not started by systemd, has left; its sessions go on\./,
    );
    expect((await systemd.run(['daemon', 'status'])).exitCode).toBe(6);
    expect(await systemd.running()).toEqual(before);

    systemd.answer('hosts', 'Id=triterm-pty-host@3-7-0.service\n');
    systemd.changes();
    expect((await systemd.service('uninstall', '--kill')).exitCode).toBe(0);
    expect(systemd.changes()).toContain('systemctl stop triterm-pty-host@3-7-0.service');
    expect(isAlive(before[0]?.pid)).toBe(false);
  });

  it('leaves a unit alone that somebody has changed, unless it is forced', async () => {
    await using systemd = new FakeSystemd();
    await systemd.service('install');
    const unit = join(systemd.unitDir, 'tritermd.service');
    appendFileSync(unit, '\n# mine\n');
    systemd.changes();
    const refused = await systemd.service('install', '--json');
    expect(refused.exitCode).toBe(4);
    expect(JSON.parse(refused.stderr).error).toMatchObject({ code: 'FILE_EXISTS', details: { path: unit } });
    expect((await systemd.service('uninstall')).exitCode).toBe(4);
    expect(systemd.changes()).toEqual([]);
    expect(readFileSync(unit, 'utf8')).toContain('# mine');
    expect((await systemd.service('install', '--force')).exitCode).toBe(0);
    expect(readFileSync(unit, 'utf8')).not.toContain('# mine');
  });

  it('installs nothing that systemd does not understand', async () => {
    await using systemd = new FakeSystemd();
    systemd.answer(
      'complaints',
      `/x/other.service:1: old\n/x/tritermd.service:7: Unknown key name 'X', ignoring.\n`,
    );
    const { exitCode, stderr } = await systemd.service('install');
    expect(exitCode).toBe(6);
    expect(stderr).toContain("tritermd.service:7: Unknown key name 'X'");
    expect(stderr).not.toContain('other.service');
    expect(existsSync(systemd.unitDir)).toBe(false);
  });

  it('says what to do where systemd is not init', async () => {
    await using systemd = new FakeSystemd();
    systemd.answer('state', 'offline\n');
    const { exitCode, stderr } = await systemd.service('install');
    expect(exitCode).toBe(6);
    expect(stderr).toContain('No systemd runs for this user');
    expect(stderr).toContain('docs/service.md');
    expect(existsSync(systemd.unitDir)).toBe(false);
  });

  it('passes on why systemd could not start it', async () => {
    await using systemd = new FakeSystemd();
    systemd.answer('fail-start', 'Job for tritermd.socket failed.\n');
    const { exitCode, stderr } = await systemd.service('install');
    expect(exitCode).toBe(6);
    expect(stderr).toMatch(
      /`systemctl --user start tritermd\.socket .*` failed\. Job for tritermd\.socket failed\./,
    );
  });

  it('names what is not well, and leaves with 1', async () => {
    await using systemd = new FakeSystemd();
    expect((await systemd.service('status')).stdout).toContain('Install them: triterm service install');
    await systemd.service('install');
    systemd.answer('linger', 'no\n');
    systemd.answerUnits({
      ActiveState: 'failed',
      Result: 'watchdog',
      ExecMainStatus: '9',
      ExecMainExitTimestampMonotonic: '12',
      MainPID: '0',
    });
    const { exitCode, stdout } = await systemd.service('status', '--json');
    expect(exitCode).toBe(1);
    const status = JSON.parse(stdout);
    expect(status).toMatchObject({
      mainPid: null,
      lastExit: { result: 'watchdog', status: 9 },
      lingering: false,
    });
    expect(status.problems).toEqual([
      expect.stringContaining('tritermd.service is failed (watchdog, status 9)'),
      expect.stringContaining('loginctl enable-linger'),
    ]);
  });

  it('tells of lingering and of settings that only this shell has, and enables lingering when told', async () => {
    await using systemd = new FakeSystemd();
    systemd.answer('linger', 'no\n');
    const secret = 'postgres://u:secret@h/d';
    const env = { DATABASE_URL: secret };
    const { stderr } = await systemd.run(['service', 'install'], { env });
    expect(stderr).toContain('triterm service install --linger');
    expect(stderr).toMatch(/This shell sets DATABASE_URL, .*tritermd\.env/);
    expect(stderr).not.toContain('secret');
    systemd.changes();
    await systemd.service('install', '--linger');
    expect(systemd.changes()).toContainEqual(expect.stringMatching(/^loginctl enable-linger \S+$/));
  });

  it.each([
    [['--user', '--system'], /exclude each other/],
    [['--account', 'web'], /--system/],
    [['--system', '--account', 'a b'], /not the name of an account/],
  ])('refuses %j', async (options, message) => {
    await using systemd = new FakeSystemd();
    const { exitCode, stderr } = await systemd.service('install', '--dry-run', ...options);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(message);
  });
});
