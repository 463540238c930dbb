import type { Duplex } from 'node:stream';
import { TermError } from '@triterm/core/errors';
import { withDeadline } from '@triterm/core/store';
import {
  CloseCode,
  closeCodeOf,
  closeReasonOf,
  WebSocketDuplex,
  type WebSocketDuplexOptions,
} from '@triterm/core/websocket';
import type { WebSocket } from 'ws';
import type { Admission, Authenticator, Credentials } from '../authenticator.ts';
import type { Arrival } from '../server.ts';

/** Rejects as the authenticator does, and with STORE_UNAVAILABLE after `timeoutMs`; an admission that comes later is given back. */
export function authenticateWithin(
  timeoutMs: number,
  authenticator: Authenticator,
  credentials: Credentials,
): Promise<Admission> {
  let isLate = false;
  const admission = authenticator.authenticate(credentials);
  admission.then(
    late => {
      if (isLate) late.release();
    },
    () => {},
  );
  return withDeadline(admission, timeoutMs, () => {
    isLate = true;
    return new TermError('STORE_UNAVAILABLE', 'The token could not be looked up in time.');
  });
}

export interface ServingOptions {
  readonly accept: (stream: Duplex, arrival: Arrival) => void;
  readonly heartbeat?: WebSocketDuplexOptions;
}

/** Hands over who was let in. The connection ends when the admission does, and gives it back when it ends. */
export function serve(
  webSocket: WebSocket,
  admission: Admission,
  { accept, heartbeat }: ServingOptions,
): void {
  const { principal, revoked } = admission;
  const stream = new WebSocketDuplex(webSocket, heartbeat);
  const cut = (): void => {
    const error = TermError.from(revoked.reason, 'TOKEN_REVOKED');
    stream.refuse(closeCodeOf(error), closeReasonOf(error));
  };
  stream.once('close', () => {
    revoked.removeEventListener('abort', cut);
    admission.release();
  });
  if (revoked.aborted) {
    cut();
    return;
  }
  revoked.addEventListener('abort', cut, { once: true });
  accept(stream, {
    principal,
    remote: true,
    parting: why => {
      if (why === 'leaving') stream.partWith(CloseCode.leaving, 'The server stops or restarts.');
      else stream.partWith(closeCodeOf(why), closeReasonOf(why));
    },
  });
}
