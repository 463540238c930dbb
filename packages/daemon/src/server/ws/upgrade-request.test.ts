import { describe, expect, it } from 'vitest';
import { bearerOf, refusalOf, type UpgradeRequest } from './upgrade-request.ts';

const POLICY = { hosts: ['term.example', '2001:db8::7'], origins: ['https://app.example:8443'] };

function request(headers: Record<string, string> = {}, more: Partial<UpgradeRequest> = {}): UpgradeRequest {
  const { localAddress = '10.0.0.1', method = 'GET', url = '/v1', isTls = true } = more;
  const usual = { host: 'term.example', upgrade: 'websocket', 'sec-websocket-protocol': 'triterm.v1' };
  return { method, url, localAddress, isTls, headers: { ...usual, ...headers } };
}

function judged(headers: Record<string, string>, more: Partial<UpgradeRequest> = {}): string | undefined {
  const refusal = refusalOf(request(headers, more), POLICY);
  return refusal === undefined ? undefined : `${refusal.status} ${refusal.error.code}`;
}

describe('a request to upgrade', () => {
  it.each([
    'term.example',
    'TERM.example:8443',
    'term.example.',
    '[2001:db8::7]:1',
    'localhost:3000',
    '127.0.0.1',
    '[::1]:3000',
    '10.0.0.1:3000',
  ])('may ask for host %s', host => {
    expect(judged({ host })).toBeUndefined();
  });

  it('may ask for the address that was connected to, however the system writes it', () => {
    expect(judged({ host: '10.0.0.2' }, { localAddress: '::ffff:10.0.0.2' })).toBeUndefined();
    expect(judged({ host: '[2001:db8::9]' }, { localAddress: '2001:db8::9' })).toBeUndefined();
  });

  it.each([
    'evil.example',
    '10.0.0.9',
    'x.term.example',
    'term.example.evil',
    '',
    'a b',
    'evil@127.0.0.1',
    '127.0.0.1/x',
  ])('may not ask for host %j', host => {
    expect(judged({ host })).toBe('403 ORIGIN_REFUSED');
  });

  it.each([
    ['https://app.example:8443', true],
    ['https://app.example:8443', false],
    ['https://term.example', true],
    ['http://term.example', false],
  ])('may come from a page of %s, with TLS: %s', (origin, isTls) => {
    expect(judged({ origin }, { isTls })).toBeUndefined();
  });

  it('may come from a page of the port that it was sent to', () => {
    expect(judged({ host: 'TERM.example:443', origin: 'https://term.example' })).toBeUndefined();
    expect(judged({ host: 'term.example:8443', origin: 'https://term.example:8443' })).toBeUndefined();
    expect(judged({ host: 'term.example:8443', origin: 'https://term.example' })).toBeDefined();
  });

  it.each([
    ['http://term.example', true],
    ['https://term.example', false],
    ['ftp://term.example', true],
    ['chrome-extension://term.example', true],
    ['chrome-extension://term.example', false],
  ])('may not come from a page of our host by another scheme, %s, with TLS: %s', (origin, isTls) => {
    expect(judged({ origin }, { isTls })).toBe('403 ORIGIN_REFUSED');
  });

  it.each([
    'https://app.example',
    'http://app.example:8443',
    'https://APP.example:8443',
    'https://app.example:8443/',
    'https://evil.example',
    'https://term.example:1',
    'https://term.example.evil',
    'null',
    '',
    'file://',
  ])('may not come from a page of %j', origin => {
    expect(judged({ origin })).toBe('403 ORIGIN_REFUSED');
  });

  it('is one to / or /v1, without a query', () => {
    expect(judged({}, { url: '/' })).toBeUndefined();
    expect(judged({}, { url: '/?token=x' })).toBe('400 BAD_MESSAGE');
    expect(judged({}, { url: '/v2' })).toBe('404 BAD_MESSAGE');
    expect(judged({}, { method: 'POST' })).toBe('404 BAD_MESSAGE');
    expect(judged({ upgrade: 'h2c' })).toBe('426 BAD_MESSAGE');
    expect(judged({ 'sec-websocket-protocol': 'triterm.v2' })).toBe('400 BAD_MESSAGE');
    expect(judged({ 'sec-websocket-protocol': 'triterm.v2, triterm.v1' })).toBeUndefined();
  });

  it('is refused without a word of what it said', () => {
    for (const refusal of [
      refusalOf(request({ host: 's3cret' }), POLICY),
      refusalOf(request({ origin: 'http://s3cret' }), POLICY),
      refusalOf(request({}, { url: '/s3cret?s3cret' }), POLICY),
    ])
      expect(JSON.stringify(refusal?.error.toWire())).not.toContain('s3cret');
  });
});

describe('the token that a request comes with', () => {
  it.each([
    [{ authorization: 'Bearer abc' }, 'abc'],
    [{ authorization: 'bearer  abc' }, 'abc'],
    [{ authorization: 'Basic abc' }, undefined],
    [{ authorization: 'Bearer a b' }, undefined],
    [{ authorization: 'Bearer ' }, undefined],
    [{}, undefined],
    [{ 'sec-websocket-protocol': 'triterm.v1, triterm.bearer.abc' }, 'abc'],
    [{ 'sec-websocket-protocol': 'triterm.bearer.' }, undefined],
    [{ authorization: 'Bearer one', 'sec-websocket-protocol': 'triterm.bearer.two' }, 'one'],
  ])('of %o is %s', (headers, bearer) => {
    expect(bearerOf({ headers })).toBe(bearer);
  });
});
