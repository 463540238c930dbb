import { type Config, networkSettings, readTlsFiles } from '@triterm/core/config/load';
import { trustsEverybody } from './cluster/server-call.ts';
import type { Log } from './observe/log.ts';
import { isClusterBearer } from './server/auth/cluster-credential.ts';
import type { Authenticator } from './server/authenticator.ts';
import type { Listener } from './server/listener.ts';
import type { ProtocolServer } from './server/server.ts';
import { assertListenable, listenWebSocket } from './server/ws/listen-websocket.ts';

export interface NetworkDependencies {
  readonly serverId: string;
  readonly server: Pick<ProtocolServer, 'accept'>;
  readonly authenticator: Authenticator;
}

export interface NetworkListener extends Listener {
  readonly url: string;
  /** The configuration has been replaced, member by member. */
  reconfigured(): void;
}

/** The network as it is configured. */
export interface Network {
  /** Undefined: other servers are not spoken to. */
  readonly clusterSecret: string | undefined;
  /** File with the authorities of other servers; undefined: those of Node.js. */
  readonly clusterCa: string | undefined;
  /** Begins to listen, where that is asked for; with the URL that it listens at. Rejects with DAEMON_START_FAILED or BAD_CONFIG. */
  listen(dependencies: NetworkDependencies): Promise<NetworkListener | undefined>;
}

/** Looks at everything that can be wrong with it before anything is begun. Rejects with BAD_CONFIG or DAEMON_START_FAILED. */
export async function checkNetwork(config: Config, log: Log): Promise<Network> {
  const settings = networkSettings(config);
  const { listen: address, clusterSecret } = settings;
  if (address?.tls !== undefined) readTlsFiles(address.tls);
  if (address !== undefined) await assertListenable(address);
  const clusterCa = config.clusterCa === '' ? undefined : config.clusterCa;
  if (trustsEverybody(settings, clusterCa))
    log.warn(
      {},
      'clusterSecret is set and clusterCa is not: every public authority can vouch for the other servers of the fleet',
    );
  return {
    clusterSecret,
    clusterCa,
    async listen({ serverId, server, authenticator }) {
      if (address === undefined) return undefined;
      const listener = await listenWebSocket({
        ...settings,
        address,
        authenticator,
        isServer: (bearer, onBehalfOf) =>
          onBehalfOf !== undefined &&
          isClusterBearer(bearer, config.clusterSecret, { serverId, onBehalfOf }, Date.now()),
        accept: (stream, arrival) => server.accept(stream, arrival),
        log,
      });
      log.info({ url: listener.url }, 'listening');
      return {
        url: listener.url,
        close: () => listener.close(),
        reconfigured: () => listener.setLimits(networkSettings(config)),
      };
    },
  };
}
