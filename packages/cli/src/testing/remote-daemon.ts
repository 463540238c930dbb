import type { IncomingMessage } from 'node:http';
import { TermError } from '@triterm/core/errors';
import { Peer, PROTOCOL, VERSION } from '@triterm/core/protocol';
import { type ServedWebSockets, serveWebSockets } from '@triterm/core/testing/websocket-server';
import type { RemoteHost } from '../client/remote-host.ts';

export interface RemoteDaemonOptions {
  /** Answers by method; one that is not there is UNKNOWN_METHOD. */
  readonly answers?: Readonly<Record<string, (params: unknown) => unknown>>;
  /** Throws at who is not let in. */
  admit?(request: IncomingMessage): void;
  readonly features?: readonly string[];
  /** Says nothing after the upgrade. */
  readonly isSilent?: boolean;
  readonly port?: number;
}

/** The daemon's side of the protocol on a real WebSocket, with a test's answers. */
export async function serveRemoteDaemon(options: RemoteDaemonOptions = {}): Promise<ServedWebSockets> {
  const { answers = {}, admit, features = [], isSilent = false, port } = options;
  return serveWebSockets(
    stream => {
      if (isSilent) {
        stream.resume();
        return;
      }
      const peer = new Peer(stream, {
        request: (method, params) => {
          const answer = answers[method];
          if (answer === undefined) throw new TermError('UNKNOWN_METHOD', `No answer to ${method}.`);
          return answer(params);
        },
      });
      peer.accept(PROTOCOL, `tritermd/${VERSION}`, [...features]).catch(() => {});
    },
    { ...(admit === undefined ? {} : { admit }), ...(port === undefined ? {} : { port }) },
  );
}

export function remoteHost(url: string, known: Partial<RemoteHost> = {}): RemoteHost {
  return {
    name: 'lab',
    url,
    isExplicit: true,
    token: undefined,
    tokenFile: undefined,
    caFile: undefined,
    ...known,
  };
}
