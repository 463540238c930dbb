import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Paths, resolvePaths } from '@triterm/core/config/paths';
import { TermError } from '@triterm/core/errors';
import { FaultProxy } from '@triterm/core/sandbox/fault-proxy';
import { WebSocketDuplex } from '@triterm/core/websocket';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type RemoteDaemonOptions, remoteHost, serveRemoteDaemon } from '../testing/remote-daemon.ts';
import { scratchDir } from '../testing/test-context.ts';
import { connectDaemon, type DaemonClient } from './daemon-client.ts';
import { checkToken } from './remote-connection.ts';
import type { RemoteHost } from './remote-host.ts';

let scratch: ReturnType<typeof scratchDir>;
let paths: Paths;
let server: Awaited<ReturnType<typeof serveRemoteDaemon>> | undefined;
let client: DaemonClient | undefined;
let bearers: (string | undefined)[];

beforeEach(() => {
  scratch = scratchDir();
  paths = resolvePaths({ TRITERM_STATE_DIR: scratch.path });
  bearers = [];
});
afterEach(async () => {
  vi.restoreAllMocks();
  client?.close();
  client = undefined;
  await server?.[Symbol.asyncDispose]();
  server = undefined;
  scratch[Symbol.dispose]();
});

async function connect(
  known: Partial<RemoteHost> = {},
  options: RemoteDaemonOptions = {},
): Promise<DaemonClient> {
  server = await serveRemoteDaemon({
    admit: ({ headers }) => void bearers.push(headers.authorization),
    ...options,
  });
  client = await connectDaemon({
    paths,
    remote: remoteHost(server.url, known),
    autostart: true,
    answerTimeoutMs: 1000,
  });
  return client;
}

describe('a connection over the network', () => {
  it('brings results and errors, and starts nothing here', async () => {
    const connected = await connect({}, { answers: { 'session.list': () => ({ sessions: [] }) } });
    expect(await connected.request('session.list', {})).toEqual({ sessions: [] });
    await expect(connected.request('daemon.status', {})).rejects.toMatchObject({ code: 'UNKNOWN_METHOD' });
    expect(() => writeFileSync(paths.logFile, '', { flag: 'wx' })).not.toThrow();
  });

  it('shows its token, from a file as it is at that time', async () => {
    await connect({ token: 'trt_1' });
    const tokenFile = join(scratch.path, 'token');
    for (const token of ['trt_2', 'trt_3\n']) {
      writeFileSync(tokenFile, token, { mode: 0o600 });
      const again = await connectDaemon({
        paths,
        remote: remoteHost(server?.url ?? '', { tokenFile }),
        autostart: false,
      });
      again.close();
    }
    expect(bearers).toEqual(['Bearer trt_1', 'Bearer trt_2', 'Bearer trt_3']);
  });

  it('takes no token from a file that others can read', async () => {
    const tokenFile = join(scratch.path, 'token');
    writeFileSync(tokenFile, 'trt_1');
    chmodSync(tokenFile, 0o644);
    await expect(connect({ tokenFile })).rejects.toMatchObject({
      code: 'UNSAFE_PATH',
      message: expect.not.stringContaining('trt_1'),
      hint: expect.stringContaining(`chmod 600 '${tokenFile}'`),
    });
    expect(bearers).toEqual([]);
  });

  it('tells why the server refuses it', async () => {
    const refused = connect(
      {},
      {
        admit: () => {
          throw new TermError('TOKEN_EXPIRED', 'The token has expired.');
        },
      },
    );
    await expect(refused).rejects.toMatchObject({ code: 'TOKEN_EXPIRED', exitCode: 5 });
  });

  it('names what cannot be read', async () => {
    await expect(connect({ tokenFile: '/nowhere/token' })).rejects.toMatchObject({
      code: 'BAD_CONFIG',
      message: expect.stringContaining('/nowhere/token'),
    });
    await server?.[Symbol.asyncDispose]();
    await expect(connect({ caFile: '/nowhere/ca' })).rejects.toMatchObject({ code: 'BAD_CONFIG' });
  });

  it('says whom it cannot reach, and does not advise to start a daemon here', async () => {
    const gone = await serveRemoteDaemon();
    const { url } = gone;
    await gone[Symbol.asyncDispose]();
    const thrown = await connectDaemon({ paths, remote: remoteHost(url), autostart: true }).catch(
      error => error,
    );
    expect(thrown).toMatchObject({ code: 'DAEMON_UNREACHABLE', exitCode: 6 });
    expect(thrown.message).toContain('127.0.0.1');
    expect(thrown.hint).not.toContain('daemon start');
  });

  it('keeps nobody waiting when it is closed and the network swallows that', async () => {
    server = await serveRemoteDaemon();
    await using proxy = await FaultProxy.start({ port: server.port });
    const remote = remoteHost(`ws://127.0.0.1:${proxy.port}/`);
    const closing = await connectDaemon({ paths, remote, autostart: false });
    proxy.set({ kind: 'halfOpen' });
    const cut = vi.spyOn(WebSocketDuplex.prototype, '_destroy');
    closing.close();
    await expect.poll(() => cut.mock.calls.length, { timeout: 3000 }).toBe(1);
  });

  it('names the server that does not answer', async () => {
    await expect(connect({}, { isSilent: true })).rejects.toMatchObject({
      code: 'DAEMON_NOT_RESPONDING',
      message: 'lab does not answer within 1 s.',
      hint: expect.not.stringContaining('restart'),
    });
  });
});

describe('a token', () => {
  it.each(['', 'two words', '-----BEGIN KEY-----\nsecret', 'ü', 'x'.repeat(513)])('is not %j', text => {
    expect(() => checkToken(text, 'FILE')).toThrow(/FILE holds no token/);
    expect(() => checkToken(text, 'FILE')).not.toThrow(/secret/);
  });
});
