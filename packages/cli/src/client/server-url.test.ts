import { describe, expect, it } from 'vitest';
import { parseServerUrl } from './server-url.ts';

describe('the address of a server', () => {
  it.each([
    ['wss://a.example:7443', 'wss://a.example:7443/'],
    ['wss://A.example', 'wss://a.example/'],
    ['wss://a.example/behind/proxy', 'wss://a.example/behind/proxy'],
    ['ws://127.0.0.1:3000', 'ws://127.0.0.1:3000/'],
    ['ws://127.1.2.3:1', 'ws://127.1.2.3:1/'],
    ['ws://localhost:3000/', 'ws://localhost:3000/'],
    ['ws://[::1]:3000', 'ws://[::1]:3000/'],
  ])('%s is taken as %s', (text, url) => expect(parseServerUrl(text, '--host')).toBe(url));

  it.each([
    ['', 'is no URL'],
    ['a:7443/x y', 'is not how a server is reached'],
    ['not a url', 'is no URL'],
    ['https://a', 'https:// is not how a server is reached'],
    ['ws://a.example:1', 'a.example:1 is not on this machine'],
    ['ws://127.0.0.1.example.org', 'is not on this machine'],
    ['ws://0.0.0.0:1', 'is not on this machine'],
    ['wss://me:secret@a', 'must not hold a user or a password'],
    ['wss://secret@a', 'must not hold a user or a password'],
    ['wss://a?token=secret', 'must not have a query or a fragment'],
    ['wss://a/#secret', 'must not have a query or a fragment'],
  ])('%j is refused, and no secret told', (text, message) => {
    const refusal = expect.objectContaining({
      code: 'BAD_CONFIG',
      message: expect.stringContaining(message),
    });
    expect(() => parseServerUrl(text, '--host')).toThrow(refusal);
    expect(() => parseServerUrl(text, '--host')).not.toThrow(/secret/);
  });
});
