import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a certificate is for, as openssl writes it. */
export type SubjectName = `IP:${string}` | `DNS:${string}`;

const LOOPBACK: readonly SubjectName[] = ['IP:127.0.0.1', 'DNS:localhost'];

/** A self-signed certificate, its own authority, in a directory of its own. */
export class Certificates {
  readonly #dir = mkdtempSync(join(tmpdir(), 'triterm-tls-'));
  readonly certFile = join(this.#dir, 'cert.pem');
  readonly keyFile = join(this.#dir, 'key.pem');

  constructor(names: readonly SubjectName[] = LOOPBACK) {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const files = ['-keyout', this.keyFile, '-out', this.certFile];
    const subject = ['-subj', '/CN=triterm test', '-addext', `subjectAltName=${names.join(',')}`];
    execFileSync('openssl', ['req', '-x509', ...key, ...files, '-days', '2', ...subject], { stdio: 'pipe' });
    chmodSync(this.keyFile, 0o600);
  }

  /** What a client has to trust. */
  pem(): string {
    return readFileSync(this.certFile, 'utf8');
  }

  /** What a server shows. */
  files(): { readonly cert: string; readonly key: string } {
    return { cert: this.pem(), key: readFileSync(this.keyFile, 'utf8') };
  }

  dispose(): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
