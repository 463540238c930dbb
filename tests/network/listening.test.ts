import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Certificates } from '@triterm/core/sandbox/certificates';
import { freePort } from '@triterm/core/sandbox/free-port';
import { ProtocolClient } from '@triterm/core/sandbox/protocol-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAEMON, DaemonProcess } from '../support/daemon-process.ts';

interface FailedStart {
  readonly exitCode: number | null;
  readonly error: { readonly code: string; readonly message: string; readonly hint: string };
  /** What it has left in its state directory. */
  readonly left: readonly string[];
}

const START_TIMEOUT_MS = 20_000;

/** Starts a daemon that cannot start. */
async function failedStart(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<FailedStart> {
  const stateDir = mkdtempSync(join(tmpdir(), 'tt-'));
  const child: ChildProcess = spawn(process.execPath, [...DAEMON, ...args], {
    env: { PATH: process.env.PATH, HOME: stateDir, TRITERM_STATE_DIR: stateDir, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: START_TIMEOUT_MS,
  });
  let stderr = '';
  child.stderr?.on('data', chunk => {
    stderr += String(chunk);
  });
  try {
    const [exitCode] = await once(child, 'close');
    const { error }: Pick<FailedStart, 'error'> = JSON.parse(stderr.trim().split('\n').at(-1) ?? '');
    return { exitCode, error, left: readdirSync(stateDir) };
  } finally {
    child.kill('SIGKILL');
    rmSync(stateDir, { recursive: true, force: true });
  }
}

describe('a daemon that is told to listen', () => {
  let certificates: Certificates;
  beforeAll(() => {
    certificates = new Certificates();
  });
  afterAll(() => certificates.dispose());

  it('serves where the command line says, whatever the environment says, and tells so', async () => {
    const [port, other] = [await freePort(), await freePort()];
    const daemon = new DaemonProcess({ PORT: String(other) });
    await using stack = new AsyncDisposableStack();
    stack.defer(() => daemon.dispose());
    await daemon.start([...DAEMON, '--listen', String(port)]);
    const url = `ws://127.0.0.1:${port}`;
    expect((await daemon.request('daemon.status', {})).listen).toEqual([url]);
    await expect(ProtocolClient.connectTo(`ws://127.0.0.1:${other}`)).rejects.toMatchObject({
      code: 'DAEMON_UNREACHABLE',
    });
    const { token } = await daemon.request('token.create', { scope: 'use' });
    const client = await ProtocolClient.connectTo(url, { token });
    stack.defer(() => client.close());
    expect(await client.request('ping', {})).toEqual({});
    const left = once(client.parting, 'abort');
    await daemon.end('SIGTERM');
    await left;
    expect(client.parting.reason).toMatchObject({ reason: 'restart' });
  });

  it('does not start where it would speak plain text to others, with a short secret, or unknown arguments', async () => {
    const secret = { PORT: '3000', TRITERM_CLUSTER_SECRET: 'too short' };
    const [plain, short, unknown] = await Promise.all([
      failedStart(['--listen', 'ws://0.0.0.0:3000']),
      failedStart([], secret),
      failedStart(['--listne', '3000']),
    ]);
    expect(plain.error).toMatchObject({
      code: 'BAD_CONFIG',
      message: expect.stringMatching(/listen .*plain text.*write wss:\/\/0\.0\.0\.0:3000/),
    });
    expect(short.error).toMatchObject({
      code: 'BAD_CONFIG',
      message: expect.stringMatching(/clusterSecret .*32 characters/),
    });
    expect(short.error.message).not.toContain('too short');
    expect(unknown.error).toMatchObject({ code: 'USAGE', message: expect.stringContaining("'--listne'") });
    expect([plain, short, unknown].map(({ exitCode }) => exitCode)).toEqual([2, 2, 2]);
  });

  it('does not start with a key that others can read, and has begun nothing then', async () => {
    const { certFile, keyFile } = certificates;
    chmodSync(keyFile, 0o644);
    const { exitCode, error, left } = await failedStart(['--listen', 'wss://127.0.0.1:3000'], {
      TRITERM_TLS_CERT: certFile,
      TRITERM_TLS_KEY: keyFile,
    });
    expect(error).toMatchObject({
      code: 'BAD_CONFIG',
      hint: expect.stringContaining(`chmod 600 '${keyFile}'`),
    });
    expect(exitCode).toBe(2);
    expect(left).not.toContain('triterm.db');
  });

  it('does not start where something else listens, and has begun nothing then', async () => {
    const taken = createServer();
    taken.listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      const { exitCode, error, left } = await failedStart(['--listen', `${port}`]);
      expect(error).toMatchObject({
        code: 'DAEMON_START_FAILED',
        message: expect.stringMatching(/Cannot listen on ws:\/\/127\.0\.0\.1:\d+: .*EADDRINUSE/),
      });
      expect(exitCode).toBe(6);
      expect(left).not.toContain('triterm.db');
    } finally {
      taken.close();
    }
  });
});
