import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_RUN_INPUT_BYTES, quoteCommand, runInput } from './run-input.ts';
import { Home, installed, markedOutput, PtyShell } from './testing/pty-shell.ts';

const printer = fileURLToPath(new URL('./testing/print-argv.mjs', import.meta.url));

const AWKWARD = [
  '',
  ' ',
  '-n',
  '--',
  "it's",
  '"double"',
  "'''",
  '\\',
  'back\\slash\\',
  '!!',
  '!1',
  'a!b',
  '$HOME',
  '$(id)',
  '`id`',
  '*',
  '?',
  '[a-z]',
  '{a,b}',
  '~',
  '=ls',
  '#comment',
  'a;b',
  'a&b',
  'a|b',
  '<>',
  'new\nline',
  'tab\there',
  'ctrl\x01\x03\x04\x15\x1b[A\x7f',
  'é漢字🙂👩‍🚀',
  // What fish uses for itself, and other characters that are nobody's.
  'private \uf600\uf6ff\uf700\uf8ff\ue000\u{f0000}',
  'none \ufdd0\ufdef\ufffe\uffff\u{10ffff}',
  'c1 \x80\x9b\x9f',
  'L',
  'gco',
  '%1',
  '^a^b',
  'A=B',
];

describe('the input of a run', () => {
  it('refuses what cannot be typed', () => {
    expect(() => runInput('bash', [])).toThrow(/no command/);
    expect(() => runInput('bash', [''])).toThrow(/no command/);
    expect(() => runInput('bash', ['echo', 'a\0b'])).toThrow(/NUL/);
    expect(() => runInput('bash', ['echo', 'x'.repeat(MAX_RUN_INPUT_BYTES)])).toThrow(/limit/);
  });

  it('holds no control character but those that clear the line, the paste marks and Enter', () => {
    for (const shell of ['bash', 'zsh', 'fish'] as const) {
      const text = runInput(shell, ['x', ...AWKWARD], true).toString();
      expect(text.startsWith('\x05 \x15 \x1b[200~')).toBe(true);
      expect(text.endsWith('\x1b[201~\r')).toBe(true);
      expect(text.slice(10, -7)).not.toMatch(/[\x00-\x1f\x7f]/);
    }
  });

  it('quotes every word', () => {
    expect(quoteCommand('bash', ['echo', 'a b'])).toBe("'echo' 'a b'");
    expect(quoteCommand('zsh', ["it's"])).toBe("$'it\\047s'");
    expect(quoteCommand('fish', ["it's\n", ''])).toBe("'it\\'s'\\X0a ''");
  });
});

/** Files that try to change what is typed. */
const CONFIGURATION = {
  bash: {
    file: '.bashrc',
    text: "PS1='$ '\nHISTCONTROL=ignorespace\nalias gco='echo alias'\nshopt -s extglob nullglob failglob\nbind 'Space:magic-space'\n",
  },
  zsh: {
    file: '.zshrc',
    text: "PS1='%% '\nsetopt hist_ignore_space rc_quotes extended_glob interactive_comments\nalias gco='echo alias'\nalias -g L='| less'\nautoload -Uz bracketed-paste-magic url-quote-magic\nzle -N bracketed-paste bracketed-paste-magic\nzle -N self-insert url-quote-magic\n",
  },
  fish: {
    file: '.config/fish/config.fish',
    text: "function fish_prompt; echo '> '; end\nabbr -a -g gco git checkout\nalias L='less'\n",
  },
} as const;

for (const shell of ['bash', 'zsh', 'fish'] as const) {
  const missing = installed(shell) === undefined;
  describe.skipIf(missing)(
    `a run typed into ${shell}${missing ? ` (skipped: ${shell} is not installed)` : ''}`,
    () => {
      let home: Home;
      let pty: PtyShell;

      beforeAll(async () => {
        home = new Home();
        writeFileSync(join(home.dir, CONFIGURATION[shell].file), CONFIGURATION[shell].text);
        pty = await PtyShell.start(shell, home, { argv: [shell] });
        await pty.until(/133;B/);
      });
      afterAll(async () => {
        await pty.close();
        home.remove();
      });

      async function received(argv: string[], bracketedPaste: boolean): Promise<unknown> {
        const output = await pty.run(runInput(shell, [process.execPath, printer, ...argv], bracketedPaste));
        return JSON.parse(/<(\[.*\])>/.exec(markedOutput(output))?.[1] ?? 'null');
      }

      it.each([true, false])(
        'passes every awkward argument on unchanged (bracketed paste: %s)',
        async paste => {
          expect(await received(AWKWARD, paste)).toEqual(AWKWARD);
        },
      );

      it('passes any arguments on unchanged', async () => {
        const argument = fc.oneof(
          fc.string({ unit: 'binary', maxLength: 20 }),
          fc.string({
            unit: fc.constantFrom("'", '"', '\\', '!', '$', '\n', ' ', '`', '{', '*', 'x'),
            maxLength: 12,
          }),
        );
        await fc.assert(
          fc.asyncProperty(
            fc.array(
              argument.map(text => text.replaceAll('\0', '').toWellFormed()),
              { maxLength: 6 },
            ),
            fc.boolean(),
            async (argv, paste) => {
              expect(await received(argv, paste)).toEqual(argv);
            },
          ),
          { numRuns: 15 },
        );
      }, 30_000);

      it('replaces what was half typed', async () => {
        pty.write('echo half typed');
        expect(await received(['whole'], true)).toEqual(['whole']);
        pty.write('echo cursor at the start\x01');
        expect(await received(['whole'], false)).toEqual(['whole']);
      });

      it('runs no alias and no keyword', async () => {
        expect(await pty.run(runInput(shell, ['gco'], true))).toMatch(/133;D;127/);
        // To fish, a quoted keyword alone asks for its description.
        const status = shell === 'fish' ? 2 : 127;
        expect(await pty.run(runInput(shell, ['if'], true))).toContain(`133;D;${status}`);
      });

      it('runs functions and builtins', async () => {
        expect(await pty.run(runInput(shell, ['cd', '/'], true))).toMatch(/\x1b\]7;file:\/\/[^/]*\/\x07/);
        await pty.run(runInput(shell, ['cd', home.dir], true));
      });

      it('leaves no trace in the history where leading blanks do not', async () => {
        await pty.run(runInput(shell, ['echo', 'un', 'seen'], true));
        await pty.run('echo for the history');
        const output = await pty.run(shell === 'fish' ? 'history' : 'history | cat');
        const listed = markedOutput(output);
        expect(listed).toContain('echo for the history');
        expect(listed).not.toContain("'seen'");
      });
    },
  );
}
