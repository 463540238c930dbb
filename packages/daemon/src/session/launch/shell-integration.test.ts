import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { integrate, shellIntegrationDir } from './shell-integration.ts';

const DIR = '/opt/triterm/shell';
const start = (file: string, argv: string[], env: Record<string, string> = {}, platform?: NodeJS.Platform) =>
  integrate(file, { argv, env }, DIR, platform);

describe('shell integration', () => {
  it('starts a login bash through ENV, and keeps the user’s own ENV and HISTFILE', () => {
    expect(start('/bin/bash', ['bash', '-l'], { ENV: '/my/env', HISTFILE: '/my/history' })).toEqual({
      shell: 'bash',
      argv: ['bash', '--posix', '-l'],
      env: {
        ENV: '$TRITERM_SHELL_INTEGRATION/bash/login.bash',
        HISTFILE: '/my/history',
        TRITERM_USER_ENV: '/my/env',
        TRITERM_USER_HISTFILE: '/my/history',
        TRITERM_SHELL_INTEGRATION: DIR,
      },
    });
    expect(start('/bin/bash', ['-bash']).argv).toEqual(['-bash', '--posix']);
  });

  it('starts any other interactive bash with an rcfile', () => {
    expect(start('/bin/bash', ['bash', '-i'])).toEqual({
      shell: 'bash',
      argv: ['bash', '--rcfile', `${DIR}/bash/interactive.bash`, '-i'],
      env: { TRITERM_SHELL_INTEGRATION: DIR },
    });
  });

  it('starts zsh through ZDOTDIR, and keeps the user’s own', () => {
    expect(start('/bin/zsh', ['zsh', '-l'], { ZDOTDIR: '/my/zsh' })).toEqual({
      shell: 'zsh',
      argv: ['zsh', '-l'],
      env: { ZDOTDIR: `${DIR}/zsh`, TRITERM_USER_ZDOTDIR: '/my/zsh', TRITERM_SHELL_INTEGRATION: DIR },
    });
    expect(start('/bin/zsh', ['zsh']).env).not.toHaveProperty('TRITERM_USER_ZDOTDIR');
  });

  it('starts fish with an init command', () => {
    expect(start('/usr/bin/fish', ['fish', '-l']).argv).toEqual([
      'fish',
      '-l',
      '--init-command',
      'source $TRITERM_SHELL_INTEGRATION/fish/integration.fish',
    ]);
  });

  it.each([
    ['/bin/bash', ['bash', '-c', 'ls']],
    ['/bin/bash', ['bash', 'script.sh']],
    ['/bin/bash', ['bash', '--norc']],
    ['/bin/bash', ['bash', '--rcfile', 'x']],
    ['/bin/bash', ['bash', '--posix']],
    ['/bin/bash', ['bash', '-ic', 'ls']],
    ['/bin/zsh', ['zsh', '-f']],
    ['/bin/zsh', ['zsh', '-c', 'ls']],
    ['/usr/bin/fish', ['fish', '--no-config']],
    ['/usr/bin/fish', ['fish', 'script.fish']],
    ['/bin/sh', ['sh', '-l']],
    ['/usr/bin/vim', ['vim']],
  ])('leaves %s %j as it is', (file, argv) => {
    expect(start(file, argv, { A: '1' })).toEqual({ shell: null, argv, env: { A: '1' } });
  });

  it.each(['POSIXLY_CORRECT', 'SHELLOPTS', 'BASHOPTS'])('leaves a bash alone that is steered by %s', name => {
    expect(start('/bin/bash', ['bash', '-l'], { [name]: 'x' }).shell).toBeNull();
  });

  it('leaves the login bash of macOS alone, which does not read ENV', () => {
    expect(start('/bin/bash', ['bash', '-l'], {}, 'darwin').shell).toBeNull();
    expect(start('/opt/homebrew/bin/bash', ['bash', '-l'], {}, 'darwin').shell).toBe('bash');
  });

  it('finds its files from the sources and from the bundle', () => {
    const dir = shellIntegrationDir();
    expect(dir).toMatch(/packages\/daemon\/shell$/);
    for (const file of ['bash/login.bash', 'bash/interactive.bash', 'zsh/.zshenv', 'fish/integration.fish']) {
      expect(existsSync(`${dir}/${file}`)).toBe(true);
    }
    expect(shellIntegrationDir(`file://${dir}/../dist/bundle/tritermd.mjs`)).toBe(dir);
    expect(shellIntegrationDir('file:///nowhere/dist/bundle/tritermd.mjs')).toBeNull();
  });
});
