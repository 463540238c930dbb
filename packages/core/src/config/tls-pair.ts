import { createPrivateKey, X509Certificate } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { errnoName, TermError } from '../errors/index.ts';
import { exposureOf } from './private-file.ts';

export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Contents (PEM), not paths. */
export interface TlsPair {
  readonly cert: string;
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number;
}

/** Throws BAD_CONFIG for files that can't be read, do not belong together, or a key that others can read or have put there. */
export function readTlsFiles({ certFile, keyFile }: TlsFiles): TlsPair {
  const { text: cert } = read('tlsCert', certFile);
  const { text: key, stats } = read('tlsKey', keyFile);
  const exposure = exposureOf(keyFile, stats);
  if (exposure !== undefined) throw problem('tlsKey', exposure.reason, exposure.hint);
  // A secure context takes an empty text for none.
  check('tlsCert', `${certFile} holds no certificate in PEM`, () => new X509Certificate(cert));
  check('tlsKey', `${keyFile} holds no key without a passphrase in PEM`, () => createPrivateKey(key));
  check('tlsKey', `${keyFile} is not the key of ${certFile}`, () => createSecureContext({ cert, key }));
  return { cert, key, expiresAtMs: Date.parse(new X509Certificate(cert).validTo) };
}

/** The text, and the stats of the very file that it was read from. */
function read(setting: string, path: string): { readonly text: string; readonly stats: Stats } {
  try {
    // A pipe would be waited for.
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return { text: readFileSync(descriptor, 'utf8'), stats: fstatSync(descriptor) };
    } finally {
      closeSync(descriptor);
    }
  } catch (thrown) {
    throw problem(setting, `cannot read ${path}: ${errnoName(thrown) ?? 'not a file'}`);
  }
}

function check(setting: string, reason: string, parse: () => unknown): void {
  try {
    parse();
  } catch {
    throw problem(setting, reason);
  }
}

function problem(setting: string, reason: string, hint?: string): TermError {
  return new TermError('BAD_CONFIG', `${setting}: ${reason}`, {
    details: { setting, reason },
    ...(hint === undefined ? {} : { hint }),
  });
}
