import { type ErrorCode, errnoName, TermError } from '../errors/index.ts';

/** What a certificate that does not prove enough is called (openssl-verification-options(1), tls of Node.js), and PEM that is none. */
const CERTIFICATE_CODES: ReadonlySet<string> = new Set([
  'CERT_CHAIN_TOO_LONG',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REJECTED',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERROR_IN_CERT_NOT_AFTER_FIELD',
  'ERROR_IN_CERT_NOT_BEFORE_FIELD',
  'ERR_OSSL_PEM_NO_START_LINE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
  'UNABLE_TO_DECRYPT_CERT_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Why a server could not be connected to: CERTIFICATE_REFUSED, or the code for one that is not reached. */
export function connectFailure(
  thrown: unknown,
  host: string,
  unreachable: { readonly code: ErrorCode; readonly hint: string | undefined },
): TermError {
  if (thrown instanceof TermError) return thrown;
  const reason = reasonOf(thrown);
  if (CERTIFICATE_CODES.has(errnoName(thrown) ?? ''))
    return new TermError('CERTIFICATE_REFUSED', `The certificate of ${host} is not accepted: ${reason}`, {
      cause: thrown,
    });
  return new TermError(unreachable.code, `Cannot connect to ${host}: ${reason}`, {
    cause: thrown,
    ...(unreachable.hint === undefined ? {} : { hint: unreachable.hint }),
  });
}

/** The first of several, where each address of the host was tried; their sum has no text. */
function reasonOf(thrown: unknown): string {
  const [first]: unknown[] = thrown instanceof AggregateError ? thrown.errors : [];
  if (first !== undefined) return reasonOf(first);
  return thrown instanceof Error && thrown.message !== ''
    ? thrown.message
    : (errnoName(thrown) ?? String(thrown));
}
