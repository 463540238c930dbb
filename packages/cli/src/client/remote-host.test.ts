import { describe, expect, it } from 'vitest';
import type { Contexts } from './contexts-file.ts';
import { type HostChoice, resolveRemoteHost } from './remote-host.ts';

const CONTEXTS: Contexts = {
  current: 'lab',
  byName: new Map([
    ['lab', { url: 'wss://lab/', token: 'kept', caFile: '/lab.pem' }],
    ['prod', { url: 'wss://prod/', token: undefined, caFile: undefined }],
  ]),
};

const resolve = (choice: Partial<HostChoice>) =>
  resolveRemoteHost({ wanted: undefined, env: {}, contexts: () => CONTEXTS, ...choice });
const unread = () => {
  throw new Error('contexts were read');
};

describe('the server that a command is for', () => {
  it('is what --host says, else what TRITERM_HOST says, else the current context', () => {
    const env = { TRITERM_HOST: 'wss://env' };
    expect(resolve({ wanted: 'wss://flag', env })).toMatchObject({ url: 'wss://flag/', isExplicit: true });
    expect(resolve({ env })).toMatchObject({ name: 'wss://env/', url: 'wss://env/', isExplicit: true });
    expect(resolve({ wanted: 'prod', env })).toMatchObject({
      name: 'prod',
      url: 'wss://prod/',
      isExplicit: true,
    });
    expect(resolve({})).toMatchObject({ name: 'lab', url: 'wss://lab/', isExplicit: false });
    expect(resolve({ env: { TRITERM_HOST: '' } })).toMatchObject({ name: 'lab' });
  });

  it('is this machine without any, or when it is called local', () => {
    expect(resolve({ contexts: () => ({ current: undefined, byName: new Map() }) })).toBeUndefined();
    expect(resolve({ wanted: 'local', env: { TRITERM_HOST: 'prod' }, contexts: unread })).toBeUndefined();
    expect(resolve({ env: { TRITERM_HOST: 'local' }, contexts: unread })).toBeUndefined();
  });

  it('needs no contexts when it is a URL', () => {
    expect(resolve({ wanted: 'wss://a', contexts: unread })).toMatchObject({ token: undefined });
  });

  it('gets its credentials from the environment, else from the context', () => {
    expect(resolve({})).toMatchObject({ token: 'kept', tokenFile: undefined, caFile: '/lab.pem' });
    const env = { TRITERM_TOKEN: 'own', TRITERM_TOKEN_FILE: '/t', TRITERM_CA: '/own.pem' };
    expect(resolve({ env })).toMatchObject({ token: 'own', caFile: '/own.pem' });
    expect(resolve({ env: { TRITERM_TOKEN_FILE: '/t' } })).toMatchObject({
      token: undefined,
      tokenFile: '/t',
    });
    expect(resolve({ wanted: 'wss://a', env })).toMatchObject({ token: 'own', caFile: '/own.pem' });
  });

  it('is refused when there is none of its name', () => {
    expect(() => resolve({ wanted: 'prdo' })).toThrow(
      expect.objectContaining({
        code: 'CONTEXT_NOT_FOUND',
        message: 'There is no context "prdo". Did you mean prod?',
      }),
    );
    expect(() => resolve({ contexts: () => ({ current: 'gone', byName: new Map() }) })).toThrow(/"gone"/);
    expect(() => resolve({ wanted: 'ws://far:1' })).toThrow(/--host: far:1 is not on this machine/);
    expect(() => resolve({ env: { TRITERM_HOST: 'ws://far:1' } })).toThrow(/TRITERM_HOST: /);
  });
});
