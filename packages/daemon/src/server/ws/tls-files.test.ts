import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import type { TermError } from '@triterm/core/errors';
import { Certificates } from '@triterm/core/testing/certificates';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ListenerHarness } from './testing/listener-harness.ts';
import { readTlsFiles, type TlsPair, watchTlsFiles } from './tls-files.ts';

const TIMES = { pollMs: 30, settleMs: 30 };

describe('the files of TLS', () => {
  let dir: string;
  let first: Certificates;
  let second: Certificates;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'triterm-tls-files-'));
    first = new Certificates();
    second = new Certificates();
  });
  afterEach(() => {
    first.dispose();
    second.dispose();
    rmSync(dir, { recursive: true, force: true });
  });

  function problem(certFile: string, keyFile: string): TermError | undefined {
    try {
      readTlsFiles({ certFile, keyFile });
      return undefined;
    } catch (thrown) {
      return thrown as TermError;
    }
  }

  it('are read with their expiry', () => {
    const { cert, expiresAtMs } = readTlsFiles(first);
    expect(cert).toBe(first.pem());
    expect(expiresAtMs).toBeGreaterThan(Date.now());
  });

  it('are refused when they are missing, no PEM, or do not belong together', () => {
    const { certFile, keyFile } = first;
    const rubbish = join(dir, 'rubbish');
    writeFileSync(rubbish, 'rubbish', { mode: 0o600 });
    const empty = join(dir, 'empty');
    writeFileSync(empty, '', { mode: 0o600 });
    for (const [found, message] of [
      [problem(join(dir, 'none'), keyFile), /tlsCert: cannot read .*none: ENOENT/],
      [problem(certFile, join(dir, 'none')), /tlsKey: cannot read .*none: ENOENT/],
      [problem(certFile, dir), /tlsKey: cannot read .*: EISDIR/],
      [problem(rubbish, keyFile), /tlsCert: .*rubbish holds no certificate/],
      [problem(certFile, rubbish), /tlsKey: .*rubbish holds no key/],
      [problem(empty, keyFile), /tlsCert: .*empty holds no certificate/],
      [problem(certFile, empty), /tlsKey: .*empty holds no key/],
      [problem(certFile, second.keyFile), /tlsKey: .* is not the key of/],
    ] as const)
      expect(found).toMatchObject({ code: 'BAD_CONFIG', message: expect.stringMatching(message) });
  });

  it('are refused when others can read the key', () => {
    chmodSync(first.keyFile, 0o604);
    expect(problem(first.certFile, first.keyFile)).toMatchObject({
      code: 'BAD_CONFIG',
      message: expect.stringContaining('open to other users (mode 0604)'),
      hint: expect.stringContaining('chmod 600'),
    });
  });

  it.runIf(process.geteuid?.() === 0)('are refused when the key belongs to somebody else', () => {
    chownSync(first.keyFile, 65_534, 65_534);
    expect(problem(first.certFile, first.keyFile)).toMatchObject({
      code: 'BAD_CONFIG',
      message: expect.stringContaining('belongs to another user (uid 65534)'),
    });
  });

  it('are not waited for when one is a pipe', () => {
    const pipe = join(dir, 'pipe');
    execFileSync('mkfifo', ['-m', '600', pipe]);
    expect(problem(pipe, first.keyFile)).toMatchObject({ code: 'BAD_CONFIG' });
  });

  it('are judged by what a symlink leads to', () => {
    const link = join(dir, 'link');
    symlinkSync(first.keyFile, link);
    expect(problem(first.certFile, link)).toBeUndefined();
    chmodSync(first.keyFile, 0o644);
    expect(problem(first.certFile, link)).toMatchObject({ code: 'BAD_CONFIG' });
  });

  it('are served anew when both were replaced, and the old ones meanwhile', async () => {
    await using harness = await ListenerHarness.start({ tls: true, certificateWatch: TIMES });
    const { certificates } = harness;
    if (certificates === undefined) throw new Error('there is no TLS');
    const peer = await harness.client();
    const before = await served(harness.port);

    copyFileSync(second.certFile, certificates.certFile);
    await vi.waitFor(
      () => expect(harness.logged).toContainEqual(expect.objectContaining({ level: 'error' })),
      5000,
    );
    expect(await served(harness.port)).toBe(before);

    const newKey = join(dir, 'key');
    copyFileSync(second.keyFile, newKey);
    chmodSync(newKey, 0o600);
    renameSync(newKey, certificates.keyFile);
    await vi.waitFor(async () => expect(await served(harness.port)).toBe(second.pem().trim()), 5000);
    expect(harness.logged).toContainEqual(expect.objectContaining({ message: 'serving a new certificate' }));
    // Who is connected notices nothing; who comes now has to trust the new one.
    expect(await peer.request('session.list', {})).toEqual({ method: 'session.list' });
    await expect(harness.client({ ca: before })).rejects.toMatchObject({ code: 'CERTIFICATE_REFUSED' });
    await (await harness.client({ ca: second.pem() })).request('session.list', {});
  });

  it('are not watched any more when that was ended', async () => {
    const changed: TlsPair[] = [];
    const end = watchTlsFiles(
      first,
      pair => changed.push(pair),
      () => {},
      TIMES,
    );
    end();
    copyFileSync(second.certFile, first.certFile);
    await new Promise(resolve => setTimeout(resolve, 200));
    expect(changed).toEqual([]);
  });
});

/** The certificate that a server shows, as PEM. */
function served(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve((socket.getPeerX509Certificate()?.toString() ?? '').trim());
      socket.destroy();
    });
    socket.on('error', reject);
  });
}
