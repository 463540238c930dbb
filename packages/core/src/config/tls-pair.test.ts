import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TermError } from '../errors/index.ts';
import { Certificates } from '../sandbox/certificates.ts';
import { readTlsFiles } from './tls-pair.ts';

describe('the files of TLS', () => {
  let dir: string;
  let first: Certificates;
  let second: Certificates;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'triterm-tls-pair-'));
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
});
