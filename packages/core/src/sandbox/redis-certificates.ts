import type { Certificates } from './certificates.ts';

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

/** What redis-cli needs to speak to such a server. */
export function cliFlags(certificates: Certificates | undefined): string[] {
  return certificates === undefined ? [] : ['--tls', '--cacert', certificates.certFile];
}
