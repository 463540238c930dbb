import { type Paths, resolvePaths } from '@triterm/core/config/paths';
import { TermError } from '@triterm/core/errors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RemoteDaemonOptions, remoteHost, serveRemoteDaemon } from '../testing/remote-daemon.ts';
import { scratchDir } from '../testing/test-context.ts';
import { reconnectRemote } from './reconnect-remote.ts';

const refuse =
  (code: 'TOKEN_REVOKED' | 'PROTOCOL_MISMATCH' | 'ORIGIN_REFUSED' | 'TOO_MANY_CONNECTIONS') => () => {
    throw new TermError(code, code);
  };

describe('connecting again over a network', () => {
  let dir: ReturnType<typeof scratchDir>;
  let paths: Paths;
  let servers: Awaited<ReturnType<typeof serveRemoteDaemon>>[];
  let over: AbortController;

  beforeEach(() => {
    dir = scratchDir();
    paths = resolvePaths({ TRITERM_STATE_DIR: dir.path }, dir.path);
    servers = [];
    over = new AbortController();
  });
  afterEach(async () => {
    over.abort();
    for (const server of servers) await server[Symbol.asyncDispose]();
    dir[Symbol.dispose]();
  });

  async function serve(options: RemoteDaemonOptions = {}) {
    const server = await serveRemoteDaemon(options);
    servers.push(server);
    return server;
  }

  function again(ownUrl: string, others: readonly string[] = []) {
    return reconnectRemote({
      paths,
      remote: remoteHost(ownUrl),
      endpoints: { inTurn: [ownUrl, ...others] },
      handlers: () => ({}),
      signal: over.signal,
      trouble: () => {},
    });
  }

  it('waits until the server is back at its address', async () => {
    const server = await serve();
    await servers.pop()?.[Symbol.asyncDispose]();
    const connecting = again(server.url);
    await serve({ port: server.port });
    (await connecting).close();
  });

  it('takes another server of the fleet where its own refuses or is gone', async () => {
    let came = 0;
    const full = await serve({ admit: refuse('TOO_MANY_CONNECTIONS') });
    const other = await serve({ admit: () => void (came += 1) });
    (await again(full.url, [other.url])).close();
    expect(came).toBe(1);
  });

  it('gives up when its token is not valid any more', async () => {
    const server = await serve({ admit: refuse('TOKEN_REVOKED') });
    await expect(again(server.url)).rejects.toMatchObject({ code: 'TOKEN_REVOKED' });
  });

  it('gives up when no server can ever serve it, and not when one may', async () => {
    const server = await serve({ admit: refuse('PROTOCOL_MISMATCH') });
    const alike = await serve({ admit: refuse('ORIGIN_REFUSED') });
    await expect(again(server.url, [alike.url])).rejects.toMatchObject({ code: 'PROTOCOL_MISMATCH' });
    const newer = await serve();
    (await again(server.url, [newer.url])).close();
  });

  it('ends when it is told to', async () => {
    const server = await serve({ admit: refuse('TOO_MANY_CONNECTIONS') });
    const connecting = again(server.url);
    over.abort(new Error('enough'));
    await expect(connecting).rejects.toThrow('enough');
  });
});
