import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ShellKind } from '@triterm/core/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commandOutput } from './command-output.ts';
import { refreshSessionEnvironment } from './refresh.ts';
import { Home, installed, markedOutput, marks, PtyShell, type StartOptions } from './testing/pty-shell.ts';

/** The prompt shows the status that the user's own files find. */
const PROMPTS: Readonly<Record<ShellKind, { file: string; text: string }>> = {
  bash: { file: '.bashrc', text: "PS1='<$?>\\n$ '\n" },
  zsh: { file: '.zshrc', text: "PS1=$'<%?>\\n%% '\n" },
  fish: {
    file: '.config/fish/config.fish',
    text: 'function fish_prompt; set -l s $status; set -l p $pipestatus; echo "<$s>"; echo "[$p]> "; end\n',
  },
};

/** Without `-l`: the files above are then read by all three. */
const ARGV: Readonly<Record<ShellKind, string[]>> = { bash: ['bash'], zsh: ['zsh'], fish: ['fish'] };

for (const shell of ['bash', 'zsh', 'fish'] as const) {
  const missing = installed(shell) === undefined;
  describe.skipIf(missing)(
    `${shell} integration${missing ? ` (skipped: ${shell} is not installed)` : ''}`,
    () => {
      let home: Home;
      let running: PtyShell[];

      beforeEach(() => {
        home = new Home();
        running = [];
        writeFileSync(join(home.dir, PROMPTS[shell].file), PROMPTS[shell].text);
      });
      afterEach(async () => {
        for (const one of running) await one.close();
        home.remove();
      });

      async function start(options: StartOptions = {}): Promise<PtyShell> {
        const started = await PtyShell.start(shell, home, { argv: ARGV[shell], ...options });
        running.push(started);
        await started.until(/\x1b\]133;B\x07/);
        return started;
      }

      it('marks the first prompt and tells the working directory', async () => {
        const pty = await start();
        expect(marks(pty.output)).toEqual([`7 ${home.dir}`, 'A', 'B']);
        expect(pty.output).not.toMatch(/__triterm|not found|unbound/);
      });

      it('marks a command, its output and its status, in order', async () => {
        const pty = await start();
        expect(marks(await pty.run('echo one two'))).toEqual([
          'C echo one two',
          'D 0',
          `7 ${home.dir}`,
          'A',
          'B',
        ]);
        expect(marks(await pty.run('sh -c "exit 3"'))).toEqual([
          'C sh -c "exit 3"',
          'D 3',
          `7 ${home.dir}`,
          'A',
          'B',
        ]);
      });

      it.runIf(shell === 'fish')('keeps the lines of the prompt and the status of a pipeline', async () => {
        const pty = await start();
        expect(await pty.run('true | sh -c "exit 4"')).toMatch(/<4>\x1b\[K\r\n\[0 4\]> \x1b\]133;B/);
      });

      it("leaves the command's status to the user's prompt", async () => {
        const pty = await start();
        expect(await pty.run('sh -c "exit 7"')).toContain('<7>');
        expect(await pty.run('true')).toContain('<0>');
      });

      it('has nothing but the output between the marks', async () => {
        const pty = await start();
        const output = (text: string): string =>
          commandOutput(shell, Buffer.from(markedOutput(text))).toString();
        expect(output(await pty.run('echo one; echo two'))).toBe('one\r\ntwo\r\n');
        expect(output(await pty.run("printf 'no newline'"))).toBe('no newline');
        expect(output(await pty.run('true'))).toBe('');
      });

      it('marks no command for an empty line', async () => {
        const pty = await start();
        expect(marks(await pty.type('\r')).filter(mark => mark !== `7 ${home.dir}`)).toEqual(['A', 'B']);
      });

      it('marks no command for a line that Ctrl-C abandons', async () => {
        const pty = await start();
        const from = pty.output.length;
        pty.write('abandoned');
        await pty.until(/d/, from);
        await pty.interrupt();
        expect(marks(await pty.run('true')).filter(mark => /^[CD]/.test(mark))).toEqual(['C true', 'D 0']);
        expect(await pty.run('true')).not.toContain('abandoned');
      });

      it('marks a command on several lines once', async () => {
        const pty = await start();
        const lines = shell === 'fish' ? 'for i in 1 2\recho $i\rend' : 'for i in 1 2\rdo echo $i\rdone';
        const output = await pty.run(lines);
        const found = marks(output).filter(mark => /^[CD]/.test(mark));
        expect(found).toHaveLength(2);
        expect(found[0]).toMatch(/^C for i in 1 2[\s\S]*echo \$i[\s\S]*(?:done|end)$/);
        expect(found[1]).toBe('D 0');
      });

      it('tells the status that a signal leaves', async () => {
        const pty = await start();
        expect(marks(await pty.run("sh -c 'kill -TERM $$'"))).toContain('D 143');
      });

      it('encodes blanks, percent signs and letters of any alphabet in the working directory', async () => {
        const pty = await start();
        const dir = join(home.dir, "a b%20 é'; 漢字");
        mkdirSync(dir);
        const quoted = shell === 'fish' ? dir.replace("'", "\\'") : dir.replace("'", "'\\''");
        expect(marks(await pty.run(`cd '${quoted}'`))).toContain(`7 ${dir}`);
      });

      it('takes over the environment of another client at the next prompt', async () => {
        const pty = await start({ environment: { DISPLAY: ':1', WAYLAND_DISPLAY: 'wayland-1' } });
        expect(await pty.run('echo "[$DISPLAY][$WAYLAND_DISPLAY]"')).toContain('[:1][wayland-1]');
        await refreshSessionEnvironment(home.sessionDir, ['DISPLAY', 'WAYLAND_DISPLAY'], {
          DISPLAY: "it's $HOME \\ 2\nlines",
        });
        await pty.type('\r');
        expect(await pty.run('printf "[%s][%s]" "$DISPLAY" "$WAYLAND_DISPLAY"')).toContain(
          "[it's $HOME \\ 2\r\nlines][]",
        );
      });

      it("keeps a variable that the user's files changed while the client's environment is the same", async () => {
        const set = shell === 'fish' ? 'set -gx DISPLAY mine\n' : 'export DISPLAY=mine\n';
        writeFileSync(join(home.dir, PROMPTS[shell].file), `${PROMPTS[shell].text}${set}`);
        const pty = await start({ environment: { DISPLAY: ':1' } });
        expect(await pty.run('echo "[$DISPLAY]"')).toContain('[mine]');
        await refreshSessionEnvironment(home.sessionDir, ['DISPLAY', 'SSH_AUTH_SOCK', 'WAYLAND_DISPLAY'], {
          DISPLAY: ':1',
        });
        await pty.type('\r');
        expect(await pty.run('echo "[$DISPLAY]"')).toContain('[mine]');
      });

      it('leaks nothing of its own into programs and child shells', async () => {
        const pty = await start({ environment: { DISPLAY: ':1' } });
        const names = (await pty.run('env -0 | tr "\\0" "\\n" | cut -d= -f1 | sort | tr "\\n" " "')).match(
          /\b[A-Z]\w+/g,
        );
        expect(names).not.toContain('TRITERM_ENVIRONMENT_STAMP');
        expect(
          names?.filter(name =>
            /^(?:ENV|ZDOTDIR|PROMPT_COMMAND|PS0|PS1|PROMPT_EOL_MARK|TRITERM_USER.*)$/.test(name),
          ),
        ).toEqual([]);
        const from = pty.output.length;
        pty.write(`${shell}\r`);
        await pty.until(/133;C[\s\S]*<0>/, from);
        pty.write('echo nes""ted\r');
        await pty.until(/nested/, from);
        pty.write('exit\r');
        expect(
          marks(await pty.until(/133;D[\s\S]*133;B/, from)).filter(mark => /^[ABCD]/.test(mark)),
        ).toEqual([`C ${shell}`, 'D 0', 'A', 'B']);
      });

      it('is gone after exec of the same shell, which works as usual', async () => {
        const pty = await start();
        const from = pty.output.length;
        pty.write(`exec ${shell}\r`);
        await pty.until(/133;C[\s\S]*<0>/, from);
        pty.write('echo "still $TRITERM_SESSION"\r');
        const output = await pty.until(/still abcdefghjkmn/, from);
        expect(marks(output).filter(mark => /^[ABD]/.test(mark))).toEqual([]);
      });

      it('loads again where it is sourced by hand', async () => {
        const source =
          shell === 'fish'
            ? 'source $TRITERM_SHELL_INTEGRATION/fish/integration.fish\n'
            : `. "$TRITERM_SHELL_INTEGRATION/${shell}/integration.${shell}"\n`;
        writeFileSync(join(home.dir, PROMPTS[shell].file), `${PROMPTS[shell].text}${source}`);
        const pty = await start();
        expect(marks(pty.output)).toEqual([`7 ${home.dir}`, 'A', 'B']);
        const inner = await pty.type(`exec ${shell}\r`);
        expect(marks(inner).slice(-2)).toEqual(['A', 'B']);
        expect(marks(await pty.run('true')).slice(0, 2)).toEqual(['C true', 'D 0']);
      });

      it('stays silent about itself under set -u, a changed IFS and LC_ALL=C', async () => {
        const strict = shell === 'fish' ? 'set -gx LC_ALL C\n' : 'set -u\nIFS=abc\nexport LC_ALL=C\n';
        writeFileSync(join(home.dir, PROMPTS[shell].file), `${PROMPTS[shell].text}${strict}`);
        const pty = await start();
        const output = await pty.run('echo ab');
        expect(marks(output)).toEqual(['C echo ab', 'D 0', `7 ${home.dir}`, 'A', 'B']);
        expect(pty.output).not.toMatch(/triterm_|unbound|parameter not set/);
      });
    },
  );
}
