import { describe, expect, it } from 'vitest';
import type { KnownServer } from './cluster.ts';
import { there } from './testing/relayed-client.ts';
import { urlOf } from './way-to-server.ts';

const OWN_HOST = 'host';

function server(advertiseUrl: string | null, more: Partial<KnownServer> = {}): KnownServer | undefined {
  return there('b', { advertiseUrl, ...more }).server;
}

describe('the way to another server', () => {
  it.each([
    ['over TLS, wherever it is', server('wss://b:7000', { hostId: 'another' })],
    ['over TLS, though its lease has lapsed', server('wss://b:7000', { alive: false })],
    ['on this host', server('ws://127.0.0.1:7000')],
    ['on this host, with IPv6', server('ws://[::1]:7000')],
    ['on this host over TLS, though its lease has lapsed', server('wss://localhost:7000', { alive: false })],
  ])('is its address %s', (_what, known) => {
    expect(urlOf(known, OWN_HOST)).toBe(known?.advertiseUrl);
  });

  it.each([
    ['nobody knows it', undefined, /no server of this name/],
    ['it tells no address', server(null), /`advertiseUrl`/],
    [
      'it is on another host’s loopback',
      server('ws://127.0.0.1:7443', { hostId: 'another' }),
      /`advertiseUrl`/,
    ],
    ['… by name', server('ws://localhost:7443', { hostId: 'another' }), /`advertiseUrl`/],
    ['… with IPv6', server('ws://[::1]:7443', { hostId: 'another' }), /`advertiseUrl`/],
    ['… over TLS', server('wss://127.0.0.1:7443', { hostId: 'another' }), /`advertiseUrl`/],
    ['it speaks plain text over a network', server('ws://10.0.0.1:7443'), /wss:/],
    ['its address is none', server('nonsense'), /wss:/],
    ['it is called in another way', server('https://b'), /wss:/],
    ['its port may be another one’s by now', server('ws://127.0.0.1:7443', { alive: false }), /lease/],
  ])('is none where %s, which is said without its address', (_what, known, words) => {
    const way = () => urlOf(known, OWN_HOST);
    expect(way).toThrow(words);
    expect(way).not.toThrow(/7443|127\.|10\.0/);
  });
});
