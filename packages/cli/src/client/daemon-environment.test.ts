import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { daemonEnvironment, operatorEnvironment } from './daemon-environment.ts';

it('keeps settings and places, and nothing of the shell that happens to start the daemon', () => {
  const kept = {
    HOME: '/home/me',
    PATH: '/bin',
    LANG: 'C.UTF-8',
    LC_ALL: 'C',
    TZ: 'UTC',
    XDG_STATE_HOME: '/state',
    TRITERM_STATE_DIR: '/t',
    TRITERM_MAX_SESSIONS: '5',
    NODE_EXTRA_CA_CERTS: '/ca',
    SERVER_ID: 'a',
    DATABASE_URL: 'postgres://u:p@h/n',
    DATABASE_LISTEN_URL: 'postgres://u:p@h/n',
    REDIS_URL: 'redis://:p@h',
    REDIS_PASSWORD: 'p',
    REDIS_TLS_REJECT_UNAUTHORIZED: '1',
  };
  const dropped = {
    TRITERM_SESSION: 'abc',
    NODE_CHANNEL_FD: '3',
    NODE_OPTIONS: '--inspect=0',
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
    AWS_SECRET_ACCESS_KEY: 'secret',
    SSH_AUTH_SOCK: '/tmp/agent',
    DISPLAY: ':0',
    TERM: 'xterm',
    PWD: '/here',
    LD_PRELOAD: 'x.so',
    REDIS_OTHER: 'x',
    PORT: '3000',
    TRITERM_HOST: 'wss://a',
    TRITERM_TOKEN: 'secret',
    TRITERM_TOKEN_FILE: '/t',
    TRITERM_CA: '/ca.pem',
  };
  expect(daemonEnvironment({ ...kept, ...dropped })).toEqual(kept);
});

it('tells places from the root, because the daemon runs elsewhere', () => {
  const env = {
    TRITERM_STATE_DIR: 'state/',
    TRITERM_RUNTIME_DIR: '',
    TRITERM_CONFIG: './c.json',
    REDIS_TLS_CA: 'ca.pem',
    TRITERM_REDIS_TLS_KEY: 'k.pem',
    TRITERM_TLS_CERT: 'cert.pem',
    TRITERM_TLS_KEY: 'key.pem',
    TRITERM_CLUSTER_CA: 'ca.pem',
  };
  expect(daemonEnvironment(env)).toEqual({
    TRITERM_STATE_DIR: resolve('state'),
    TRITERM_RUNTIME_DIR: '',
    TRITERM_CONFIG: resolve('c.json'),
    REDIS_TLS_CA: resolve('ca.pem'),
    TRITERM_REDIS_TLS_KEY: resolve('k.pem'),
    TRITERM_TLS_CERT: resolve('cert.pem'),
    TRITERM_TLS_KEY: resolve('key.pem'),
    TRITERM_CLUSTER_CA: resolve('ca.pem'),
  });
});

it('takes PORT from who starts the daemon on purpose, as where to listen', () => {
  expect(daemonEnvironment(operatorEnvironment({ PORT: '3000' }))).toEqual({ TRITERM_LISTEN: '3000' });
  expect(operatorEnvironment({ PORT: '3000', TRITERM_LISTEN: '4000' }).TRITERM_LISTEN).toBe('4000');
  expect(operatorEnvironment({ PORT: '' })).not.toHaveProperty('TRITERM_LISTEN');
});
