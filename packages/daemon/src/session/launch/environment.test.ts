import { describe, expect, it } from 'vitest';
import { checkSize, type SessionEnvironmentOptions, sessionEnvironment } from './environment.ts';

const build = (
  client: Record<string, string | undefined>,
  options: Partial<SessionEnvironmentOptions> = {},
): Record<string, string> =>
  sessionEnvironment({
    client,
    extra: {},
    drop: [],
    session: { id: 'abcdefghjkmn', name: 'main' },
    version: '1.2.3',
    term: 'xterm-256color',
    shell: '/bin/zsh',
    cwd: '/work',
    environmentFile: '/state/environment.sh',
    environmentStamp: '# triterm 0123',
    agentSocket: undefined,
    ...options,
  });

describe('the environment of a session', () => {
  it('is the client’s, with what is true inside', () => {
    expect(
      build({ HOME: '/home/me', LANG: 'de_DE.UTF-8', SHELL: '/bin/bash', TERM: 'screen', PWD: '/elsewhere' }),
    ).toEqual({
      HOME: '/home/me',
      LANG: 'de_DE.UTF-8',
      TERM: 'xterm-256color',
      COLORTERM: 'truecolor',
      TERM_PROGRAM: 'triterm',
      TERM_PROGRAM_VERSION: '1.2.3',
      TRITERM_SESSION: 'abcdefghjkmn',
      TRITERM_SESSION_NAME: 'main',
      TRITERM_ENVIRONMENT_FILE: '/state/environment.sh',
      TRITERM_ENVIRONMENT_STAMP: '# triterm 0123',
      SHELL: '/bin/zsh',
      PWD: '/work',
    });
  });

  it.each([
    'TMUX',
    'TMUX_PANE',
    'STY',
    'ZELLIJ',
    'ZELLIJ_SESSION_NAME',
    'TERMCAP',
    'LINES',
    'COLUMNS',
    'WINDOWID',
    'VTE_VERSION',
    'KITTY_WINDOW_ID',
    'ITERM_SESSION_ID',
    'WEZTERM_PANE',
    'ALACRITTY_SOCKET',
    'VSCODE_INJECTION',
    'INSIDE_EMACS',
    'SHLVL',
    'OLDPWD',
    'TRITERM_USER_ZDOTDIR',
    'TRITERM_SHELL_INTEGRATION',
    'TRITERM_HOST',
    'TRITERM_TOKEN',
    'TRITERM_TOKEN_FILE',
    'TRITERM_CA',
  ])('does not pass on %s, which tells of the client’s own terminal, shell or server', name => {
    expect(build({ [name]: 'x' })).not.toHaveProperty(name);
  });

  it('keeps what chooses the daemon, so that triterm inside a session talks to the same one', () => {
    const chosen = { TRITERM_STATE_DIR: '/s', TRITERM_RUNTIME_DIR: '/r', TRITERM_CONFIG: '/c.json' };
    expect(build(chosen)).toMatchObject(chosen);
  });

  it('drops what npm adds for its scripts, from PATH too, and nothing of it otherwise', () => {
    const npm = {
      npm_lifecycle_event: 'start',
      npm_package_name: 'x',
      npm_config_user_agent: 'npm/11',
      npm_config_registry: 'https://registry.example',
      INIT_CWD: '/work',
      NODE: '/usr/bin/node',
      NODE_OPTIONS: '--conditions=x',
      PATH: '/work/a/node_modules/.bin:/work/node_modules/.bin:/node_modules/.bin:/lib/run-script/lib/node-gyp-bin:/usr/bin:/bin',
    };
    const inside = build(npm);
    expect(inside.PATH).toBe('/usr/bin:/bin');
    expect(Object.keys(inside).filter(name => /npm|NODE|INIT/.test(name))).toEqual(['npm_config_registry']);
    expect(
      build({ NODE_OPTIONS: '--x', PATH: '/a/node_modules/.bin:/bin', npm_config_cache: '/c' }),
    ).toMatchObject({
      NODE_OPTIONS: '--x',
      PATH: '/a/node_modules/.bin:/bin',
      npm_config_cache: '/c',
    });
  });

  it('drops what the configuration names', () => {
    expect(build({ AWS_TOKEN: 'secret', HOME: '/h' }, { drop: ['AWS_TOKEN'] })).not.toHaveProperty(
      'AWS_TOKEN',
    );
  });

  it('points SSH_AUTH_SOCK at the stable name, and leaves it unset without an agent', () => {
    expect(build({ SSH_AUTH_SOCK: '/tmp/a' }, { agentSocket: '/s/ssh-auth-sock' }).SSH_AUTH_SOCK).toBe(
      '/s/ssh-auth-sock',
    );
    expect(build({ SSH_AUTH_SOCK: '/tmp/a' })).not.toHaveProperty('SSH_AUTH_SOCK');
  });

  it('sets --env last and unfiltered', () => {
    expect(build({ A: '1' }, { extra: { A: '2', TERM: 'vt100', TMUX: 'mine' } })).toMatchObject({
      A: '2',
      TERM: 'vt100',
      TMUX: 'mine',
    });
  });

  it('refuses names and values in --env that no environment can hold', () => {
    for (const [name, value] of [
      ['', 'x'],
      ['A=B', 'x'],
      ['A', 'x\0y'],
    ] as const) {
      expect(() => build({}, { extra: { [name]: value } })).toThrow(
        expect.objectContaining({ code: 'BAD_ENV' }),
      );
    }
  });

  it('leaves out what a client could not have in its environment', () => {
    expect(
      build({ '': 'x', 'A=B': 'x', C: 'x\0y', D: undefined, 'BASH_FUNC_f%%': '() { :; }' }),
    ).not.toHaveProperty('C');
    expect(build({ 'BASH_FUNC_f%%': '() { :; }' })).toHaveProperty(['BASH_FUNC_f%%']);
  });
});

describe('the size of argv and environment', () => {
  it('is refused where execve would refuse it', () => {
    expect(() => checkSize(['x'.repeat(131_072)], {})).toThrow(
      expect.objectContaining({ code: 'TOO_LARGE' }),
    );
    expect(() => checkSize([], { A: 'x'.repeat(131_070) })).toThrow(
      expect.objectContaining({ code: 'TOO_LARGE' }),
    );
    expect(() =>
      checkSize(
        Array.from({ length: 20 }, () => 'x'.repeat(100_000)),
        {},
      ),
    ).toThrow(/limit/);
    expect(() => checkSize(['x'.repeat(131_071)], { A: 'x' })).not.toThrow();
  });
});
