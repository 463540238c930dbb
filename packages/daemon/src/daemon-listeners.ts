import type { Socket } from 'node:net';
import type { Paths } from '@triterm/core/config';
import type { Network } from './network.ts';
import type { Reload } from './reload.ts';
import type { Authenticator } from './server/authenticator.ts';
import { listenInherited } from './server/inherited-listener.ts';
import { listenUnix } from './server/listener.ts';
import { type ProtocolServer, THROUGH_SOCKET } from './server/server.ts';
import { passedSocket, type ServiceEnvironment } from './systemd/service-environment.ts';

export interface DaemonListenersOptions {
  readonly paths: Pick<Paths, 'socket'>;
  readonly serverId: string;
  readonly server: ProtocolServer;
  readonly authenticator: Authenticator;
  readonly network: Network;
  readonly systemd: Pick<ServiceEnvironment, 'descriptors'>;
  readonly reload: Pick<Reload, 'onReload'>;
  /** Is told of each URL as soon as clients may come there. */
  readonly listening: string[];
}

/**
 * Lets clients in: over the network where that is configured, then by the unix socket, systemd's own where it has passed one. Rejects as
 * the listeners do.
 */
export async function openDaemonListeners(options: DaemonListenersOptions): Promise<void> {
  const { paths, serverId, server, authenticator, network, systemd, reload, listening } = options;
  const webSockets = await network.listen({ serverId, server, authenticator });
  if (webSockets !== undefined) {
    server.addListener(webSockets);
    listening.push(webSockets.url);
    reload.onReload(() => webSockets.reconfigured());
  }
  const accept = (socket: Socket) => server.accept(socket, THROUGH_SOCKET);
  const passed = passedSocket(systemd.descriptors);
  server.addListener(
    passed === undefined
      ? await listenUnix(paths.socket, accept)
      : await listenInherited(passed, paths.socket, accept),
  );
}
