import { userInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { accountEnvironment, completeEnvironment, DEFAULT_PATH } from './account.ts';

describe('the environment of the account', () => {
  it('is the daemon’s, as far as it says who, where and which triterm', () => {
    const own = {
      HOME: '/home/me',
      USER: 'me',
      SHELL: '/bin/zsh',
      PATH: '/bin',
      LANG: 'C.UTF-8',
      TRITERM_STATE_DIR: '/state',
    };
    expect(accountEnvironment({ ...own, DATABASE_URL: 'secret', TRITERM_CLUSTER_SECRET: 'secret' })).toEqual({
      ...own,
      LOGNAME: 'me',
    });
  });

  it('is the user database’s where a supervisor has told nothing', () => {
    const { homedir, username } = userInfo();
    expect(accountEnvironment({})).toMatchObject({ HOME: homedir, USER: username, PATH: DEFAULT_PATH });
  });

  it('completes what a client on another machine tells, and nothing of one that has a home', () => {
    const account = { HOME: '/home/me', PATH: '/bin', LANG: 'C' };
    expect(completeEnvironment({ LANG: 'de_DE.UTF-8' }, () => account)).toEqual({
      ...account,
      LANG: 'de_DE.UTF-8',
    });
    expect(completeEnvironment({ HOME: '/h' }, () => account)).toEqual({ HOME: '/h' });
  });
});
