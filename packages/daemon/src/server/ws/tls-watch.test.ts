import { chmodSync, copyFileSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import type { TlsPair } from '@triterm/core/config/load';
import { Certificates } from '@triterm/core/sandbox/certificates';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ListenerHarness } from './testing/listener-harness.ts';
import { watchTlsFiles } from './tls-watch.ts';

const TIMES = { pollMs: 30, settleMs: 30 };

describe('the files of TLS', () => {
  let dir: string;
  let first: Certificates;
  let second: Certificates;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'triterm-tls-watch-'));
    first = new Certificates();
    second = new Certificates();
  });
  afterEach(() => {
    first.dispose();
    second.dispose();
    rmSync(dir, { recursive: true, force: true });
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
