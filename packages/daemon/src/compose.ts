import { hostname } from 'node:os';
import type { Paths } from '@triterm/core/config';
import { type Config, metricsSettings } from '@triterm/core/config/load';
import { newToken } from '@triterm/core/domain';
import { FleetEvents } from './cluster/fleet-events.ts';
import { FleetList } from './cluster/fleet-list.ts';
import { ServerRelay } from './cluster/relay.ts';
import { RelayFailureLog } from './cluster/relay-failure-log.ts';
import { serverCaller } from './cluster/server-call.ts';
import { endpointsElsewhere, PolledDirectory } from './cluster/server-directory.ts';
import { FleetLocator } from './cluster/session-locator.ts';
import { createDaemonControl } from './daemon-control.ts';
import { openDaemonListeners } from './daemon-listeners.ts';
import { openDaemonMetrics } from './daemon-metrics.ts';
import { openDaemonStore } from './daemon-store.ts';
import { bootId, machineId } from './host-facts.ts';
import { Leaving } from './leaving.ts';
import { checkNetwork } from './network.ts';
import type { AdjustableLog } from './observe/log.ts';
import { loggedRequests } from './observe/log-requests.ts';
import { measuredLocks } from './observe/measured-locks.ts';
import { Measurements } from './observe/measurements.ts';
import { troubleLog } from './observe/trouble.ts';
import { openPtyHosts } from './pty/supervisor.ts';
import type { Reload } from './reload.ts';
import { startScreens } from './screen/screen-service.ts';
import { TokenAuthenticator } from './server/auth/token-authenticator.ts';
import { TokenService } from './server/auth/token-service.ts';
import { absentHandlers } from './server/handlers/absent.ts';
import { attachHandlers } from './server/handlers/attach.ts';
import { daemonHandlers } from './server/handlers/daemon.ts';
import { drillHandlers } from './server/handlers/drill.ts';
import { eventHandlers } from './server/handlers/events.ts';
import { handOverHandlers } from './server/handlers/hand-over.ts';
import { PING_HANDLERS } from './server/handlers/ping.ts';
import { scriptingHandlers } from './server/handlers/scripting.ts';
import { sessionHandlers } from './server/handlers/sessions.ts';
import { storeHandlers } from './server/handlers/store.ts';
import { tokenHandlers } from './server/handlers/tokens.ts';
import { type Handlers, Router } from './server/router.ts';
import { ProtocolServer } from './server/server.ts';
import { AbsentSessions } from './session/absent-sessions.ts';
import { EventBus } from './session/event-bus.ts';
import { Presence } from './session/presence.ts';
import { SessionService } from './session/session-service.ts';
import type { StateLock } from './state-lock.ts';
import { createStoreControl } from './store-control.ts';
import { storeSources } from './store-report/store-sources.ts';
import type { ServiceManager } from './systemd/notify.ts';
import type { ServiceEnvironment } from './systemd/service-environment.ts';
import { reportStatus } from './systemd/service-status.ts';

export interface DaemonOptions {
  readonly paths: Paths;
  /** Its members are replaced by `reload`: what is to follow that reads them at use. */
  readonly config: Config;
  readonly log: AdjustableLog;
  readonly lock: StateLock;
  readonly reload: Reload;
  readonly systemd: ServiceEnvironment;
  readonly manager: ServiceManager;
}

export interface Daemon {
  /** Ends serving; every session goes on in its host. */
  leave(reason: 'stop' | 'restart'): Promise<void>;
  /** Resolves when it has left. */
  readonly left: Promise<void>;
}

/** Puts the daemon together: the only place that knows which implementation stands behind each interface. */
export async function composeDaemon({
  paths,
  config,
  log,
  lock,
  reload,
  systemd,
  manager,
}: DaemonOptions): Promise<Daemon> {
  const startedAtMs = performance.now();
  const serverId = config.serverId || hostname();
  const hostId = machineId();
  const metricsAddresses = metricsSettings(config, paths);
  // What is wrong with it is told before anything is begun.
  const network = await checkNetwork(config, log);
  const trouble = troubleLog(log);
  const bus = new EventBus(serverId);
  const measurements = new Measurements();
  const [{ store, admin, ownIds, isSelf }, { hosts, adopted }] = await Promise.all([
    openDaemonStore({ paths, config, serverId, bootId: bootId(), log, measurements, bus }),
    openPtyHosts({
      paths,
      log,
      generation: lock.generation,
      activationSocket: process.env.TRITERM_PTY_HOST_SOCKET || undefined,
    }),
  ]);

  const directory = await PolledDirectory.open({
    table: store.servers,
    ownIds,
    isSelf,
    isOneOfSeveral: store.database.kind === 'postgres' && network.clusterSecret !== undefined,
    trouble: thrown => trouble('reading which servers there are', thrown),
  });
  const elsewhere = () => endpointsElsewhere(directory.list(), serverId);
  const screens = startScreens();
  const sessionTrouble = (session: string, what: string, thrown: unknown) => trouble(what, thrown, session);
  const presence = new Presence({
    registry: store.registry,
    serverId,
    incarnation: () => store.lease.incarnation,
    trouble: sessionTrouble,
  });
  const service = new SessionService({
    store: store.sessions,
    database: store.database,
    hosts,
    screens,
    bus,
    presence,
    locks: measuredLocks(store.locks, measurements),
    lease: store.lease,
    servers: store.servers,
    directory,
    tails: store.screens,
    ownIds,
    config,
    sessionsDir: paths.sessionsDir,
    serverId,
    machine: { hostId, bootId: bootId() },
    log,
    trouble: sessionTrouble,
  });
  const fleetEvents = new FleetEvents({
    serverId,
    from: `${serverId}/${newToken()}`,
    bus,
    channel: store.events,
    directory,
    list: () => store.sessions.list(),
    trouble,
  });
  fleetEvents.start();
  await service.start(adopted);
  reload.onReload(() => service.reconfigured());

  const leaving = new Leaving({
    stopMarker: paths.stopMarker,
    log,
    stopServing: async reason => {
      manager.stopping();
      metricsServer.close();
      await server.close(reason);
      authenticator.close();
    },
    close: async () => {
      directory.close();
      await service.stop();
      await fleetEvents.close();
      await admin.close();
      await Promise.all([hosts.close(), screens.close(), store.close()]);
    },
  });

  const storeControl = createStoreControl(
    storeSources({
      store,
      admin,
      sessions: service.registry,
      self: { id: serverId, hostId, stateDir: paths.stateDir },
      restart: () => leaving.leaveSoon('restart'),
    }),
  );

  const locator = new FleetLocator({
    registry: service.registry,
    store: store.sessions,
    database: store.database,
    directory,
    lease: service.ownership,
  });
  const relayFailures = new RelayFailureLog(log);
  const relay = new ServerRelay({
    call: serverCaller({
      serverId,
      clusterSecret: network.clusterSecret,
      caFile: network.clusterCa,
    }),
    hostId,
    failed: (server, error) => relayFailures.failed(server, error),
    locateAgain: id => locator.locateAgain(id),
    here: (connection, method, params, channel) => router.request(connection, method, params, channel),
    elsewhere: () => (service.drain.draining ? elsewhere() : []),
  });

  const authenticator = new TokenAuthenticator({
    tokens: store.tokens,
    connections: store.connections,
    serverId,
    incarnation: () => store.lease.incarnation,
    clusterSecret: config.clusterSecret,
    maxConnectionsPerUser: () => config.maxConnectionsPerUser,
    trouble,
  });

  const listening: string[] = [];
  const daemonControl = createDaemonControl({
    paths,
    config,
    log,
    serverId,
    startedAtMs,
    store,
    hosts,
    service,
    relay,
    reload,
    leaving,
    listening,
    unit: systemd.unit,
  });
  const handlers: Handlers = {
    ...PING_HANDLERS,
    ...sessionHandlers(
      service,
      new FleetList({
        registry: service.registry,
        store: store.sessions,
        sockets: store.database,
        directory,
      }),
      relay,
    ),
    ...attachHandlers(service),
    ...scriptingHandlers(service),
    ...eventHandlers(bus),
    ...handOverHandlers(service.handOver),
    ...storeHandlers(storeControl),
    ...drillHandlers({ link: store.link, log }),
    ...tokenHandlers(new TokenService({ table: store.tokens, locator, log })),
    ...daemonHandlers(daemonControl),
  };
  const router = new Router({
    handlers,
    locator,
    relay,
    absent: absentHandlers(
      new AbsentSessions({
        store: store.sessions,
        tails: store.screens,
        bus,
        config,
      }),
    ),
  });
  const server = new ProtocolServer(loggedRequests(router, log), elsewhere);

  // Before clients are served: whoever sees the daemon finds its metrics.
  const metricsServer = await openDaemonMetrics({
    settings: metricsAddresses,
    serverId,
    stateDir: paths.stateDir,
    store,
    service,
    hosts,
    measurements,
    log,
  });
  await openDaemonListeners({
    paths,
    serverId,
    server,
    authenticator,
    network,
    systemd,
    reload,
    listening,
  });
  reportStatus(manager, () => ({
    sessions: service.registry.all().filter(session => session.row.state === 'running').length,
    health: store.sessions.health()?.state,
  }));
  return leaving;
}
