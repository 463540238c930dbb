import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Lines of a server that speaks TLS only, or plain text only. */
export function listenLines(port: number, certificates: Certificates | undefined): string[] {
  if (certificates === undefined) return [`port ${port}`];
  return [
    'port 0',
    `tls-port ${port}`,
    `tls-cert-file ${certificates.certFile}`,
    `tls-key-file ${certificates.keyFile}`,
    `tls-ca-cert-file ${certificates.certFile}`,
    'tls-auth-clients no',
  ];
}

/** A self-signed certificate for 127.0.0.1 and localhost, in a directory of its own. */
export class Certificates {
  readonly #dir = mkdtempSync(join(tmpdir(), 'triterm-tls-'));
  readonly certFile = join(this.#dir, 'cert.pem');
  readonly keyFile = join(this.#dir, 'key.pem');

  constructor() {
    const names = 'subjectAltName=IP:127.0.0.1,DNS:localhost';
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const files = ['-keyout', this.keyFile, '-out', this.certFile];
    execFileSync(
      'openssl',
      ['req', '-x509', ...key, ...files, '-days', '2', '-subj', '/CN=localhost', '-addext', names],
      { stdio: 'pipe' },
    );
  }

  /** What a client has to trust. */
  pem(): string {
    return readFileSync(this.certFile, 'utf8');
  }

  cliFlags(): string[] {
    return ['--tls', '--cacert', this.certFile];
  }

  dispose(): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
