import { hostname } from 'node:os';
import type { Paths } from '@triterm/core/config';
import { type Config, metricsSettings } from '@triterm/core/config/load';
import { newToken } from '@triterm/core/domain';
import { PROTOCOL, VERSION } from '@triterm/core/protocol';
import { FleetEvents } from './cluster/fleet-events.ts';
import { FleetList } from './cluster/fleet-list.ts';
import { ServerRelay } from './cluster/relay.ts';
import { RelayFailureLog } from './cluster/relay-failure-log.ts';
import { serverCaller } from './cluster/server-call.ts';
import { endpointsElsewhere, PolledDirectory } from './cluster/server-directory.ts';
import { FleetLocator } from './cluster/session-locator.ts';
import { openDaemonStore } from './daemon-store.ts';
import { bootId, machineId } from './host-facts.ts';
import { Leaving } from './leaving.ts';
import { checkNetwork } from './network.ts';
import { daemonFigures } from './observe/daemon-figures.ts';
import type { Log } from './observe/log.ts';
import { measuredLocks } from './observe/measured-locks.ts';
import { Measurements } from './observe/measurements.ts';
import { Metrics } from './observe/metrics.ts';
import { openMetricsServer } from './observe/metrics-server.ts';
import { troubleLog } from './observe/trouble.ts';
import { openPtyHosts } from './pty/supervisor.ts';
import { startScreens } from './screen/screen-service.ts';
import { TokenAuthenticator } from './server/auth/token-authenticator.ts';
import { TokenService } from './server/auth/token-service.ts';
import { absentHandlers } from './server/handlers/absent.ts';
import { attachHandlers } from './server/handlers/attach.ts';
import { daemonHandlers } from './server/handlers/daemon.ts';
import { eventHandlers } from './server/handlers/events.ts';
import { handOverHandlers } from './server/handlers/hand-over.ts';
import { PING_HANDLERS } from './server/handlers/ping.ts';
import { scriptingHandlers } from './server/handlers/scripting.ts';
import { sessionHandlers } from './server/handlers/sessions.ts';
import { storeHandlers } from './server/handlers/store.ts';
import { tokenHandlers } from './server/handlers/tokens.ts';
import { listenUnix } from './server/listener.ts';
import { type Handlers, Router } from './server/router.ts';
import { ProtocolServer, THROUGH_SOCKET } from './server/server.ts';
import { AbsentSessions } from './session/absent-sessions.ts';
import { EventBus } from './session/event-bus.ts';
import { Presence } from './session/presence.ts';
import { SessionService } from './session/session-service.ts';
import type { StateLock } from './state-lock.ts';
import { createStoreControl } from './store-control.ts';
import { storeFigures } from './store-report/store-figures.ts';
import { storeSources } from './store-report/store-sources.ts';

export interface DaemonOptions {
  readonly paths: Paths;
  readonly config: Config;
  readonly log: Log;
  readonly lock: StateLock;
}

export interface Daemon {
  /** Ends serving; every session goes on in its host. */
  leave(reason: 'stop' | 'restart'): Promise<void>;
  /** Resolves when it has left. */
  readonly left: Promise<void>;
}

/** Puts the daemon together: the only place that knows which implementation stands behind each interface. */
export async function composeDaemon({ paths, config, log, lock }: DaemonOptions): Promise<Daemon> {
  const startedAtMs = performance.now();
  const serverId = config.serverId || hostname();
  const metricsAddresses = metricsSettings(config, paths);
  // What is wrong with it is told before anything is begun.
  const network = await checkNetwork(config, log);
  const trouble = troubleLog(log);
  const bus = new EventBus(serverId);
  const measurements = new Measurements();
  const [{ store, admin, ownIds, isSelf }, { hosts, adopted }] = await Promise.all([
    openDaemonStore({ paths, config, serverId, bootId: bootId(), log, measurements, bus }),
    openPtyHosts({ paths, log, generation: lock.generation }),
  ]);
  const { movedAside } = store;
  const directory = await PolledDirectory.open({
    table: store.servers,
    ownIds,
    isSelf,
    isOneOfSeveral: store.database.kind === 'postgres' && network.clusterSecret !== undefined,
    trouble: thrown => trouble('reading which servers there are', thrown),
  });
  const screens = startScreens();
  const presence = new Presence({
    registry: store.registry,
    serverId,
    incarnation: () => store.lease.incarnation,
    trouble: (session, what, thrown) => trouble(what, thrown, session),
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
    machine: { hostId: machineId(), bootId: bootId() },
    log,
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

  const leaving = new Leaving({
    stopMarker: paths.stopMarker,
    log,
    stopServing: async reason => {
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
  const control = createStoreControl(
    storeSources({
      store,
      admin,
      sessions: service.registry,
      self: { id: serverId, hostId: machineId(), stateDir: paths.stateDir },
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
    hostId: machineId(),
    failed: (server, error) => relayFailures.failed(server, error),
    locateAgain: id => locator.locateAgain(id),
    here: (connection, method, params, channel) => router.request(connection, method, params, channel),
    elsewhere: () => service.drain.elsewhere(),
  });
  const authenticator = new TokenAuthenticator({
    tokens: store.tokens,
    connections: store.connections,
    serverId,
    incarnation: () => store.lease.incarnation,
    clusterSecret: config.clusterSecret,
    maxConnectionsPerUser: config.maxConnectionsPerUser,
    trouble,
  });
  const listening: string[] = [];
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
    ...storeHandlers(control),
    ...tokenHandlers(new TokenService({ table: store.tokens, locator, log })),
    ...daemonHandlers({
      status: () => ({
        pid: process.pid,
        ptyHostPid: hosts.list().at(-1)?.pid ?? null,
        version: VERSION,
        protocol: PROTOCOL.max,
        uptimeMs: Math.round(performance.now() - startedAtMs),
        sessions: service.registry.size,
        clients: service.clients,
        server: serverId,
        stateDir: paths.stateDir,
        socket: paths.socket,
        store: movedAside === undefined ? 'ok' : `new database; the corrupt one is ${movedAside}`,
        ptyHosts: [...hosts.list()],
        memoryBytes: process.memoryUsage.rss(),
        draining: service.drain.draining,
        lease: {
          held: store.lease.held,
          leftMs: Math.max(0, store.lease.leftMs),
          incarnation: store.lease.incarnation,
        },
        listen: [...listening],
      }),
      drain: async undo => {
        await service.drain.set(!undo);
        return {
          draining: service.drain.draining,
          sessions: service.list().filter(({ state }) => state === 'running'),
          handedOver: relay.handOver(),
        };
      },
      shutdown: async (reason, killSessions) => {
        if (killSessions) {
          await service.killAll();
          await hosts.retire();
        }
        leaving.leaveSoon(reason);
      },
    }),
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
        handOver: config.handOver,
      }),
    ),
  });
  const server = new ProtocolServer(router, () => endpointsElsewhere(directory.list(), serverId));
  const metrics = new Metrics(
    {
      version: VERSION,
      serverId,
      daemon: () =>
        daemonFigures({
          sessions: service.registry.all().map(session => session.row.state),
          clients: service.clients,
          ptyHosts: hosts.list().length,
          stateDir: paths.stateDir,
        }),
      store: () => storeFigures(store, serverId, service.clients),
    },
    undefined,
    measurements,
  );
  // Before clients are served: whoever sees the daemon finds its metrics.
  const metricsServer = await openMetricsServer(metricsAddresses, () => metrics.text(), log);
  const webSockets = await network.listen({ serverId, server, authenticator });
  if (webSockets !== undefined) {
    server.addListener(webSockets);
    listening.push(webSockets.url);
  }
  server.addListener(await listenUnix(paths.socket, socket => server.accept(socket, THROUGH_SOCKET)));
  return leaving;
}
