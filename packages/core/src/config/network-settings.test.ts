import { describe, expect, it } from 'vitest';
import { networkSettings } from './network-settings.ts';
import { configSchema } from './schema.ts';

const settings = (given: Record<string, unknown>) => networkSettings(configSchema.parse(given));
const TLS = { tlsCert: '/etc/t/cert.pem', tlsKey: '/etc/t/key.pem' };
const FILES = { certFile: TLS.tlsCert, keyFile: TLS.tlsKey };

describe('where a server listens', () => {
  it('is nowhere unless said', () => {
    expect(settings({})).toMatchObject({
      listen: undefined,
      advertiseUrl: undefined,
      hosts: [],
      origins: [],
    });
  });

  it.each([
    ['3000', { host: '127.0.0.1', port: 3000 }, 'ws://127.0.0.1:3000'],
    ['ws://127.0.0.2:3001', { host: '127.0.0.2', port: 3001 }, 'ws://127.0.0.2:3001'],
    ['ws://[::1]:3001', { host: '::1', port: 3001 }, 'ws://[::1]:3001'],
  ])('is plain text on a loopback address: %s', (listen, address, advertiseUrl) => {
    expect(settings({ listen })).toMatchObject({ listen: { ...address, tls: undefined }, advertiseUrl });
  });

  it.each([
    ['wss://term.example.org:8443', { host: 'term.example.org', port: 8443 }, 'wss://term.example.org:8443'],
    ['wss://term.example.org', { host: 'term.example.org', port: 443 }, 'wss://term.example.org:443'],
    ['wss://[2001:db8::1]:7000', { host: '2001:db8::1', port: 7000 }, 'wss://[2001:db8::1]:7000'],
    ['wss://0.0.0.0:7000', { host: '0.0.0.0', port: 7000 }, undefined],
    ['wss://[::]:7000', { host: '::', port: 7000 }, undefined],
  ])('is anywhere with TLS, and is advertised where one can connect to it: %s', (listen, address, url) => {
    expect(settings({ listen, ...TLS })).toMatchObject({
      listen: { ...address, tls: FILES },
      advertiseUrl: url,
    });
  });

  it.each([
    [{ listen: 'ws://10.0.0.1:3000' }, /listen .*wss:\/\/10\.0\.0\.1:3000 and give tlsCert and tlsKey/],
    [{ listen: 'ws://0.0.0.0:3000' }, /plain text/],
    [{ listen: 'ws://localhost:3000' }, /plain text.*ws:\/\/127\.0\.0\.1:3000/],
    [{ listen: 'ws://127.evil.example:80' }, /plain text/],
    [{ listen: '0' }, /from 1 to 65535/],
    [{ listen: '65536' }, /must be wss/],
    [{ listen: 'http://127.0.0.1:3000' }, /must be wss/],
    [{ listen: 'term.example.org:3000' }, /must be wss/],
    [{ listen: 'ws://127.0.0.1:3000/v1' }, /without a path/],
    [{ listen: 'ws://127.0.0.1:3000?token=x' }, /without user, password, query/],
    [{ listen: 'ws://a:secret@127.0.0.1:3000' }, /without user, password, query/],
    [{ listen: 'wss://h:1' }, /tlsCert .*missing/],
    [{ listen: 'wss://h:1', tlsCert: '/c' }, /tlsKey .*missing/],
    [{ listen: '3000', tlsKey: '/k' }, /tlsKey .*for wss/],
    [{ advertiseUrl: 'wss://h:1' }, /advertiseUrl .*needs listen/],
    [{ listen: '3000', advertiseUrl: 'wss://0.0.0.0:1' }, /no address to connect to/],
    [{ listen: '3000', advertiseUrl: 'ws://h:1' }, /advertiseUrl .*plain text/],
    [{ listen: '3000', advertiseUrl: 'https://h' }, /advertiseUrl .*must be wss/],
    [{ clusterSecret: 'x'.repeat(31) }, /clusterSecret .*at least 32 characters/],
    [{ allowedHosts: ['a.example', 'b.example:80'] }, /allowedHosts .*entry 2/],
    [{ allowedHosts: ['http://a'] }, /allowedHosts/],
    [{ allowedOrigins: ['https://a.example/'] }, /allowedOrigins .*entry 1/],
    [{ allowedOrigins: ['*'] }, /allowedOrigins/],
  ])('is refused with the setting and the reason: %o', (given, reason) => {
    const refused = expect(() => settings(given));
    refused.toThrow(expect.objectContaining({ code: 'BAD_CONFIG', message: expect.stringMatching(reason) }));
    refused.not.toThrow(/secret@|token=|xxxx/);
  });

  it('is known by its own names and those that are allowed', () => {
    const given = { listen: 'wss://0.0.0.0:1', ...TLS, advertiseUrl: 'wss://Term.Example.org/t/' };
    expect(settings({ ...given, allowedHosts: ['Proxy.example', '[::2]', '10.0.0.1'] })).toMatchObject({
      advertiseUrl: 'wss://term.example.org/t',
      hosts: ['term.example.org', 'proxy.example', '::2', '10.0.0.1'],
      origins: ['https://term.example.org'],
    });
    expect(settings({ listen: '3000', allowedOrigins: ['https://A.example:8443'] })).toMatchObject({
      hosts: ['127.0.0.1', '127.0.0.1'],
      origins: ['http://127.0.0.1:3000', 'https://a.example:8443'],
    });
  });

  it('keeps a secret that is long enough', () => {
    expect(settings({ clusterSecret: 'x'.repeat(32) }).clusterSecret).toBe('x'.repeat(32));
    expect(settings({}).clusterSecret).toBeUndefined();
  });
});
