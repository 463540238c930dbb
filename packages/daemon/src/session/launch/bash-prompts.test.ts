import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refreshSessionEnvironment } from './refresh.ts';
import { integrate, shellIntegrationDir } from './shell-integration.ts';
import { Home, installed, marks, PtyShell } from './testing/pty-shell.ts';

/** What bash-preexec does to a shell, in short: it installs itself at the first prompt, around what is there. */
const BASH_PREEXEC = `
bash_preexec_imported=defined
__bp_imported=defined
__bp_mode=
precmd_functions=()
preexec_functions=()
__bp_status() { return "$1"; }
__bp_interactive_mode() { __bp_mode=on; }
__bp_precmd_invoke_cmd() { local status=$? f; for f in "\${precmd_functions[@]}"; do __bp_status "$status"; "$f"; done; }
__bp_debug() {
  [[ -n $__bp_mode ]] || return 0
  __bp_mode=
  [[ "$PROMPT_COMMAND" == *"$1"* ]] && return 0
  local f; for f in "\${preexec_functions[@]}"; do "$f" "$(HISTTIMEFORMAT= history 1)"; done
}
__bp_install() {
  trap '__bp_debug "$BASH_COMMAND"' DEBUG
  PROMPT_COMMAND=$'__bp_precmd_invoke_cmd\\n'"\${PROMPT_COMMAND//__bp_install/:}"$'\\n__bp_interactive_mode'
  __bp_precmd_invoke_cmd
  __bp_interactive_mode
}
PROMPT_COMMAND="\${PROMPT_COMMAND:+$PROMPT_COMMAND$'\\n'}__bp_install"
`;

const missing = installed('bash') === undefined;

describe.skipIf(missing)(`bash prompts${missing ? ' (skipped: bash is not installed)' : ''}`, () => {
  let home: Home;
  let pty: PtyShell | undefined;

  beforeEach(() => {
    home = new Home();
    pty = undefined;
  });
  afterEach(async () => {
    await pty?.close();
    home.remove();
  });

  async function start(bashrc: string, environment: Record<string, string> = {}): Promise<PtyShell> {
    writeFileSync(join(home.dir, '.bashrc'), bashrc);
    pty = await PtyShell.start('bash', home, { argv: ['bash'], environment });
    await pty.until(/133;B/);
    return pty;
  }

  /** The same shell, taken for an older one by the integration. */
  async function startAs(version: number, bashrc: string): Promise<PtyShell> {
    const shellDir = join(home.dir, 'shell');
    cpSync(shellIntegrationDir() ?? '', shellDir, { recursive: true });
    const file = join(shellDir, 'bash/integration.bash');
    const text = readFileSync(file, 'utf8');
    const older = text.replace(/local version=.*/, `local version=${version}`);
    expect(older).not.toBe(text);
    writeFileSync(file, older);
    writeFileSync(join(home.dir, '.bashrc'), bashrc);
    const { stamp } = await refreshSessionEnvironment(home.sessionDir, ['DISPLAY'], {});
    const env = home.environment({
      TERM: 'xterm-256color',
      TRITERM_ENVIRONMENT_FILE: join(home.sessionDir, 'environment.sh'),
      TRITERM_ENVIRONMENT_STAMP: stamp,
    });
    const bash = installed('bash') ?? '';
    const invocation = integrate(bash, { argv: ['bash'], env }, shellDir);
    pty = PtyShell.spawn({ file: bash, argv: invocation.argv, cwd: home.dir, env: invocation.env });
    await pty.until(/133;B/);
    return pty;
  }

  const flow = (output: string): string[] => marks(output).filter(mark => !mark.startsWith('7 '));

  it('runs a PROMPT_COMMAND string with the status that it expects', async () => {
    const shell = await start("PROMPT_COMMAND='echo \"[status $? ${PIPESTATUS[*]}]\"'\nPS1='$ '\n");
    const output = await shell.run('true | sh -c "exit 5"');
    expect(output).toMatch(/133;D;5\x07\[status 5 0 5\]/);
    expect(flow(output)).toEqual(['C true | sh -c "exit 5"', 'D 5', 'A', 'B']);
  });

  it('runs every element of a PROMPT_COMMAND array with the status that it expects', async () => {
    const shell = await start("PROMPT_COMMAND=('echo \"[one $?]\"' 'echo \"[two $?]\"')\nPS1='$ '\n");
    expect(await shell.run('sh -c "exit 5"')).toMatch(/133;D;5\x07\[one 5\]\r\n\[two 5\]\r\n/);
  });

  it('keeps its marks when PROMPT_COMMAND is set, added to or put in front of during the session', async () => {
    const shell = await start("PS1='$ '\n");
    for (const line of [
      "PROMPT_COMMAND='echo set'",
      "PROMPT_COMMAND+=('echo added')",
      'PROMPT_COMMAND="echo before; $PROMPT_COMMAND"',
    ]) {
      await shell.run(line);
      await shell.run('true');
      const output = await shell.run('sh -c "exit 5"');
      expect(flow(output)).toEqual(['C sh -c "exit 5"', 'D 5', 'A', 'B']);
    }
    expect(await shell.run('true')).toMatch(/133;D;0\x07before\r\nset\r\nadded\r\n/);
  });

  it('marks a PS1 that is made anew at every prompt, or written in front of', async () => {
    const shell = await start('PROMPT_COMMAND=\'PS1="$RANDOM \\$ "\'\n');
    expect(flow(await shell.run('true'))).toEqual(['C true', 'D 0', 'A', 'B']);
    await shell.run('PROMPT_COMMAND=');
    await shell.run("PS1='plain '");
    const output = await shell.run('PS1="(venv) $PS1"');
    expect(flow(output)).toEqual(['C PS1="(venv) $PS1"', 'D 0', 'A', 'B']);
    expect(output).toMatch(/\x1b\]133;A\x07\(venv\) plain \x1b\]133;B\x07$/);
  });

  it("keeps the user's PS0 and writes its mark after it", async () => {
    const shell = await start("PS0='<ps0>\\n'\nPS1='$ '\n");
    expect(await shell.run('echo out')).toMatch(
      /<ps0>\r+\n\x1b\]133;C;cmdline_url=echo%20out\x07out\r\n\x1b\]133;D;0/,
    );
  });

  it('does without expansion of the prompt strings where that is turned off', async () => {
    const shell = await start("shopt -u promptvars\nPS1='$ '\n");
    const output = await shell.run('echo out');
    expect(flow(output)).toEqual(['C', 'D 0', 'A', 'B']);
    expect(output).not.toContain('triterm_');
  });

  it('leaves commands that are typed to a DEBUG trap of the user, and nothing after the last prompt command', async () => {
    const shell = await start(
      `trap 'seen+=("$BASH_COMMAND")' DEBUG\nstop() { :; }\nPROMPT_COMMAND=stop\nPS1='$ '\n`,
    );
    await shell.run('true');
    expect(flow(await shell.run('true'))).toEqual(['C true', 'D 0', 'A', 'B']);
    await shell.run('seen=()');
    const commands = await shell.run('printf "<%s>" "${seen[@]}"');
    expect(commands).toContain('<stop><printf "<%s>" "${seen[@]}">\u001b');
  });

  it.each(['', "PROMPT_COMMAND='user_command'\n"])('works with bash-preexec (after %j)', async before => {
    const shell = await start(
      `user_command() { :; }\n${before}${BASH_PREEXEC}
log_precmd() { echo "[precmd $?]"; PS1='$ '; }
log_preexec() { echo "[preexec $1]"; }
precmd_functions+=(log_precmd); preexec_functions+=(log_preexec)\n`,
    );
    expect(shell.output).not.toContain('[preexec');
    await shell.run('true');
    for (let round = 0; round < 2; round++) {
      const output = await shell.run('sh -c "exit 5"');
      expect(flow(output)).toEqual(['C sh -c "exit 5"', 'D 5', 'A', 'B']);
      expect(output.match(/\[preexec/g)).toHaveLength(1);
      expect(output).toMatch(/\[preexec +\d+ +sh -c "exit 5"\][\s\S]*133;D;5\x07\[precmd 5\]/);
      expect(await shell.type('\r')).not.toContain('[preexec');
    }
  });

  describe('of older versions', () => {
    it.each([403, 500])('mark commands as well (%i)', async version => {
      const shell = await startAs(version, "PROMPT_COMMAND='echo \"[status $?]\"'\nPS1='<$?> $ '\n");
      for (let round = 0; round < 2; round++) {
        const output = await shell.run('sh -c "exit 5"');
        expect(flow(output)).toEqual(['C sh -c "exit 5"', 'D 5', 'A', 'B']);
        expect(output).toMatch(/133;D;5\x07\[status 5\][\s\S]*<5> \$/);
        expect(flow(await shell.type('\r'))).toEqual(['A', 'B']);
      }
    });

    it('do not hand their hooks to child shells', async () => {
      const shell = await startAs(500, "export PROMPT_COMMAND='true'\nexport PS0=\nPS1='$ '\n");
      expect(await shell.run('bash --norc -ic \'echo "[$PROMPT_COMMAND$PS0]"\'')).toContain('[]');
    });

    it('work with bash-preexec (403)', async () => {
      const shell = await startAs(403, `${BASH_PREEXEC}\nPS1='$ '\n`);
      await shell.run('true');
      expect(flow(await shell.run('sh -c "exit 5"'))).toContain('D 5');
      expect(flow(await shell.type('\r'))).not.toContain('D 0');
    });
  });

  describe('and the history', () => {
    it.each([
      ['', 'C echo one', 'C  echo two', 'C echo three'],
      ['ignoredups', 'C echo one', 'C  echo two', 'C echo three'],
      // Kept out of the history, and so not told.
      ['ignorespace', 'C echo one', 'C', 'C echo three'],
      ['ignoreboth', 'C echo one', 'C', 'C echo three'],
      ['ignorespace:erasedups', 'C echo one', 'C', 'C echo three'],
    ])('tell the command with HISTCONTROL=%j', async (control, ...expected) => {
      const shell = await start(`HISTCONTROL=${control}\nHISTTIMEFORMAT='%F %T '\nPS1='$ '\n`);
      const told: string[] = [];
      for (const line of ['echo one', ' echo two', 'echo three']) {
        told.push(flow(await shell.run(line))[0] ?? '');
      }
      expect(told).toEqual(expected);
    });

    it('tell a repeated command where only repetitions are left out', async () => {
      const shell = await start("HISTCONTROL=ignoredups\nPS1='$ '\n");
      await shell.run('echo again');
      expect(flow(await shell.run('echo again'))[0]).toBe('C echo again');
    });

    it('tell commands when the history is full, and nothing when it is off', async () => {
      const shell = await start("HISTSIZE=2\nPS1='$ '\n");
      for (const word of ['a', 'b', 'c', 'd']) {
        expect(flow(await shell.run(`echo ${word}`))[0]).toBe(`C echo ${word}`);
      }
      await shell.run('set +o history');
      expect(flow(await shell.run('echo secret'))[0]).toBe('C');
    });
  });
});
