import { accessSync, chmodSync, constants, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { PtyTerminal, type Screen } from '@triterm/core/testing/pty-terminal';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TRITERM, Triterm } from '../support/triterm.ts';

type Shell = 'bash' | 'zsh' | 'fish';

/** How a shell is started without anybody's own files, and loads the script. */
const START: Readonly<Record<Shell, (script: string) => { args: string[]; input: string }>> = {
  bash: script => ({ args: ['--norc', '--noprofile', '-i'], input: `PS1='ready$ '; source '${script}'` }),
  zsh: script => ({
    args: ['-f', '-i'],
    input: `PROMPT='ready$ '; autoload -Uz compinit; compinit -u -D; source '${script}'`,
  }),
  fish: script => ({
    args: ['--no-config', '-i'],
    input: `function fish_prompt; echo -n 'ready$ '; end; set fish_greeting; source '${script}'`,
  }),
};

let triterm: Triterm;
let bin: string;

beforeAll(async () => {
  triterm = new Triterm();
  bin = join(triterm.dir, 'bin');
  mkdirSync(bin);
  const command = TRITERM.map(word => `'${word}'`).join(' ');
  writeFileSync(join(bin, 'triterm'), `#!/bin/sh\nexec ${command} "$@"\n`);
  chmodSync(join(bin, 'triterm'), 0o755);
  writeFileSync(join(bin, 'unusual-command'), '#!/bin/sh\n', { mode: 0o755 });
  mkdirSync(join(triterm.dir, 'dir with space'));
  mkdirSync(join(triterm.dir, 'directory'));
  writeFileSync(join(triterm.dir, 'a-file'), '');
  for (const shell of ['bash', 'zsh', 'fish'] as const)
    writeFileSync(scriptOf(shell), await triterm.ok('completion', shell));
  await triterm.ok('new', '-d', '-n', 'alpha-one', '--', 'cat');
  await triterm.ok('new', '-d', '-n', 'beta.two', '--', 'cat');
});
afterAll(() => triterm[Symbol.asyncDispose]());

function scriptOf(shell: Shell): string {
  return join(triterm.dir, `completion.${shell}`);
}

function isInstalled(shell: Shell): boolean {
  return (process.env.PATH ?? '').split(delimiter).some(directory => {
    try {
      accessSync(join(directory, shell), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** A shell at its prompt, with the script loaded. */
async function open(shell: Shell): Promise<PtyTerminal> {
  const { args, input } = START[shell](scriptOf(shell));
  const terminal = new PtyTerminal({
    file: shell,
    args,
    cwd: triterm.dir,
    cols: 100,
    rows: 40,
    env: { ...triterm.env, PATH: `${bin}${delimiter}${triterm.env.PATH}` },
  });
  await terminal.until(screen => screen.text !== '');
  terminal.type(`${input}; clear\r`);
  await terminal.until(atPrompt);
  return terminal;
}

function atPrompt({ rows, cursor }: Screen): boolean {
  return rows[0]?.trimEnd() === 'ready$' && cursor.row === 0;
}

describe.each<Shell>(['bash', 'zsh', 'fish'])('completion in %s', shell => {
  it.skipIf(!isInstalled(shell)).each([
    ['triterm att', 'triterm attach '],
    ['triterm sessions resi', 'triterm sessions resize '],
    ['triterm attach al', 'triterm attach alpha-one '],
    ['triterm attach beta.', 'triterm attach beta.two '],
    ['triterm kill alpha-one be', 'triterm kill alpha-one beta.two '],
    ['triterm attach --cre', 'triterm attach --create '],
    ['triterm new --policy sma', 'triterm new --policy smallest '],
    ['triterm new --policy=sma', 'triterm new --policy=smallest '],
    ['triterm events --session=al', 'triterm events --session=alpha-one '],
    ['triterm ls --filter labe', 'triterm ls --filter labe'],
    ['triterm ls --filter exitC', 'triterm ls --filter exitCode='],
    ['triterm new --cwd directo', 'triterm new --cwd directory/'],
    ['triterm new --cwd=directo', 'triterm new --cwd=directory/'],
    ['triterm db import a-fi', 'triterm db import a-file '],
    ['triterm cache inv', 'triterm cache invalidate '],
    ['triterm locks show al', 'triterm locks show alpha-one '],
    ['triterm run alpha-one -- unusual-co', 'triterm run alpha-one -- unusual-command '],
    ['triterm new -d -- cat directo', 'triterm new -d -- cat directory/'],
    ['triterm completion zs', 'triterm completion zsh '],
    ['triterm help daemon res', 'triterm help daemon restart '],
  ])('makes of `%s` `%s`', async (typed, completed) => {
    await using terminal = await open(shell);
    terminal.type(`${typed}\t`);
    // The mark tells that the shell is done, whatever it made of the tab.
    terminal.type('@');
    const { rows } = await terminal.until(screen => screen.rows[0]?.includes('@') === true);
    expect(rows[0]).toBe(`ready$ ${completed}@`);
  });

  it.skipIf(shell === 'bash' || !isInstalled(shell))("completes another program's own words", async () => {
    await using terminal = await open(shell);
    terminal.type('triterm run alpha-one -- triterm sessions resi\t@');
    await terminal.untilText('triterm run alpha-one -- triterm sessions resize @');
  });

  it.skipIf(!isInstalled(shell))('completes in the middle of a line', async () => {
    await using terminal = await open(shell);
    terminal.type('triterm attach al --take\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D\t@');
    const { rows } = await terminal.until(screen => screen.rows[0]?.includes('@') === true);
    expect(rows[0]).toMatch(/^ready\$ triterm attach alpha-one ?@ ?--take$/);
  });

  it.skipIf(!isInstalled(shell))('lists what there is to choose from', async () => {
    await using terminal = await open(shell);
    terminal.type('triterm daemon st\t\t');
    await terminal.until(({ text }) => ['start', 'stop', 'status'].every(word => text.includes(word)));
  });
});
