import { type Duplex, duplexPair } from 'node:stream';
import { type Principal, SOCKET_OWNER } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import { decodeAck, decodeData, type Frame, FrameKind, Peer, PROTOCOL } from '@triterm/core/protocol';
import type { SessionRow } from '@triterm/core/store';
import { Connection } from '../../server/connection.ts';
import { attachHandlers } from '../../server/handlers/attach.ts';
import type { SessionService } from '../../session/session-service.ts';
import type { KnownServer, Located, LocatedThere } from '../cluster.ts';
import { type ServerCall, ServerRelay, type ServerRelayDependencies } from '../relay.ts';

/** Of a server that has no sessions. */
const { 'attachment.detach': DETACH } = attachHandlers({} as SessionService);

/** A server that owns sessions, as the other end of a call. */
export class ScriptedOwner {
  /** What has come, one line each. */
  readonly told: string[] = [];
  readonly calls: ServerCall[] = [];
  readonly peers: Peer[] = [];
  /** Our ends of the connections to it. */
  readonly streams: Duplex[] = [];
  /** Its own ends. */
  readonly ends: Duplex[] = [];
  answers: (method: string, params: unknown, channel: number, peer: Peer) => unknown = () => ({});
  /** Refuses whoever calls. */
  refuses: TermError | undefined;

  readonly call = async (call: ServerCall): Promise<Duplex> => {
    this.calls.push(call);
    if (this.refuses !== undefined) throw this.refuses;
    const [near, far] = duplexPair();
    const peer: Peer = new Peer(far, {
      request: (method, params, channel) => {
        this.told.push(`${method} ${channel}`);
        return this.answers(method, params, channel, peer);
      },
      notification: (method, params, channel) =>
        this.told.push(`${method} ${channel} ${JSON.stringify(params)}`),
      data: frame => this.told.push(lineOf(frame)),
    });
    this.peers.push(peer);
    this.streams.push(near);
    this.ends.push(far);
    peer.accept(PROTOCOL, 'owner 1').catch(() => {});
    return near;
  };

  get peer(): Peer {
    const peer = this.peers.at(-1);
    if (peer === undefined) throw new Error('nobody has called');
    return peer;
  }

  /** Is gone without a word. */
  vanish(): void {
    for (const peer of this.peers) peer.destroy();
    for (const stream of this.streams) stream.destroy();
  }
}

export function lineOf(frame: Frame): string {
  if (frame.kind === FrameKind.ack) {
    const { offset, snapshots } = decodeAck(frame);
    return `ack ${frame.channel} ${offset} ${snapshots}`;
  }
  const { offset, bytes } = decodeData(frame);
  const [kind] = Object.entries(FrameKind).find(([, value]) => value === frame.kind) ?? [];
  return `${kind} ${frame.channel} ${offset} ${bytes.length > 40 ? bytes.length : bytes}`;
}

export function there(server: string, more: Partial<KnownServer> = {}): LocatedThere {
  return {
    where: 'there',
    row: { id: 'abcd00000000', name: 'work', ownerServer: server } as SessionRow,
    server: {
      id: server,
      advertiseUrl: `wss://${server}:7000`,
      hostId: 'host',
      bootId: 'boot',
      incarnation: 1,
      alive: true,
      unreachableSince: null,
      draining: false,
      ...more,
    },
  };
}

export interface RelayedClientOptions extends Partial<ServerRelayDependencies> {
  readonly principal?: Principal;
  readonly remote?: boolean;
  /** Where the session is thought to be. */
  readonly located?: LocatedThere;
}

/** A client of a server that has none of the sessions itself: every request for one is passed on. */
export class RelayedClient {
  /** What has come to the client, one line each. */
  readonly told: string[] = [];
  /** What its server writes into its log, one line each. */
  readonly logged: string[] = [];
  readonly relay: ServerRelay;
  readonly connection: Connection;
  /** The client's end. */
  readonly peer: Peer;
  readonly stream: Duplex;
  located: LocatedThere;

  private constructor(options: RelayedClientOptions) {
    const { principal = SOCKET_OWNER, remote = false, located = there('b') } = options;
    this.located = located;
    this.relay = new ServerRelay({
      call: undefined,
      hostId: 'host',
      failed: (server, { message }) => void this.logged.push(`${server}: ${message}`),
      locateAgain: async (): Promise<Located> => this.located,
      here: async () => 'here',
      elsewhere: () => [],
      ...options,
    });
    const [near, far] = duplexPair();
    this.stream = near;
    this.connection = new Connection(
      far,
      own =>
        new Peer(far, {
          request: (method, params, channel) => this.#request(own, method, params, channel),
          notification: (method, params, channel) => own.notification(method, params, channel),
          data: frame => {
            own.heard();
            own.data(frame);
          },
          close: () => own.closed(),
        }),
      { principal, remote },
    );
    this.peer = new Peer(near, {
      notification: (method, params, channel) =>
        this.told.push(`${method} ${channel} ${JSON.stringify(params)}`),
      data: frame => this.told.push(lineOf(frame)),
    });
  }

  static async open(options: RelayedClientOptions): Promise<RelayedClient> {
    const client = new RelayedClient(options);
    const accepted = client.connection.peer.accept(PROTOCOL, 'relay 1');
    await client.peer.open(PROTOCOL, 'client 1');
    await accepted;
    return client;
  }

  /** As a client asks; what comes for it is told in `told` as `reply`. */
  async request(method: string, params: object = {}, channel = 0): Promise<unknown> {
    try {
      return await this.peer.request(method, params, {
        channel,
        replied: isError => this.told.push(`${isError ? 'error' : 'reply'} ${channel}`),
      });
    } catch (thrown) {
      throw TermError.from(thrown);
    }
  }

  attach(channel = 1, more: object = {}): Promise<unknown> {
    return this.request('session.attach', { target: 'abcd00000000', ...more }, channel);
  }

  close(): void {
    this.peer.destroy();
    this.connection.peer.destroy();
  }

  #request(own: Connection, method: string, params: unknown, channel: number): unknown {
    // As the router does, less the schema.
    if (method === 'attachment.detach')
      return DETACH({}, { connection: own, channel, principal: own.principal, located: undefined });
    return this.relay.request(own, this.located, method as 'session.show', params as never, channel);
  }
}
