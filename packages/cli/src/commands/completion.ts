import { readFileSync } from 'node:fs';
import { defineCommand } from './definition.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

export const command = defineCommand({
  spec: {
    summary: 'Print the completion script of a shell',
    details:
      'It completes commands, options, their values, and the names of sessions. Load it in every shell, by a line in ' +
      '~/.bashrc, ~/.zshrc (below compinit) or ~/.config/fish/config.fish, or save it once where the shell looks for it.',
    args: [{ name: 'SHELL', description: 'the shell', required: true, choices: SHELLS }],
    options: {},
    hostless: true,
    examples: [
      ['source <(triterm completion bash)', 'in ~/.bashrc; the same with zsh in ~/.zshrc'],
      ['triterm completion fish | source', 'in ~/.config/fish/config.fish'],
      ['triterm completion zsh > "$fpath[1]/_triterm"', 'for good; zsh loads it when it is needed'],
    ],
  },
  async run({ args: [shell = ''] }, context) {
    context.stdout.write(readFileSync(scriptFile(shell)));
    return 0;
  },
});

/** `packages/cli/completions`, two levels above this file both in the sources and in the bundle. */
function scriptFile(shell: string): URL {
  return new URL(`../../completions/triterm.${shell}`, import.meta.url);
}
