import { describe, expect, it } from 'vitest';
import { serverAddress } from './server-address.ts';

describe('the URL of a server', () => {
  it.each(['wss://h', 'wss://h:8443/t', 'ws://127.0.0.1:3000', 'ws://[::1]:3000', 'ws://localhost:3000'])(
    'may be %s',
    url => {
      expect(serverAddress(url).href).toBe(new URL(url).href);
    },
  );

  it.each([
    ['ws://h:3000', 'TLS_REQUIRED'],
    ['ws://10.0.0.1', 'TLS_REQUIRED'],
    ['ws://localhost.evil.example', 'TLS_REQUIRED'],
    ['https://h', 'USAGE'],
    ['h:3000', 'USAGE'],
    ['', 'USAGE'],
    ['wss://', 'USAGE'],
    ['wss://me:S3CRET@h', 'USAGE'],
    ['wss://S3CRET@h', 'USAGE'],
    ['wss://h/?token=S3CRET', 'USAGE'],
    ['wss://h/#S3CRET', 'USAGE'],
  ])('is not %j: %s', (url, code) => {
    const address = () => serverAddress(url);
    expect(address).toThrow(expect.objectContaining({ code }));
    expect(address).not.toThrow(/S3CRET/);
  });
});
