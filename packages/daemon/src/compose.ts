import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Paths } from '@triterm/core/config';
import { type Config, metricsSettings, networkSettings } from '@triterm/core/config/load';
import { newToken } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import { PROTOCOL, VERSION } from '@triterm/core/protocol';
import { FleetEvents } from './cluster/fleet-events.ts';
import { FleetList } from './cluster/fleet-list.ts';
import { ServerRelay } from './cluster/relay.ts';
import { RelayFailureLog } from './cluster/relay-failure-log.ts';
import { serverCaller, trustsEverybody } from './cluster/server-call.ts';
import { endpointsElsewhere, PolledDirectory } from './cluster/server-directory.ts';
import { FleetLocator } from './cluster/session-locator.ts';
import { openDaemonStore } from './daemon-store.ts';
import { bootId, machineId } from './host-facts.ts';
import { daemonFigures } from './observe/daemon-figures.ts';
import type { Log } from './observe/log.ts';
import { measuredLocks } from './observe/measured-locks.ts';
import { Measurements } from './observe/measurements.ts';
import { Metrics } from './observe/metrics.ts';
import { openMetricsServer } from './observe/metrics-server.ts';
import { openPtyHosts } from './pty/supervisor.ts';
import { startScreens } from './screen/screen-service.ts';
import { isClusterBearer } from './server/auth/cluster-credential.ts';
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
import { assertListenable, listenWebSocket } from './server/ws/listen-websocket.ts';
import { readTlsFiles } from './server/ws/tls-files.ts';
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

/** A database and a Redis that hang keep nobody longer from starting the next daemon; leases lapse by themselves. */
const LEAVE_MS = 4000;

/** Puts the daemon together: the only place that knows which implementation stands behind each interface. */
export async function composeDaemon({ paths, config, log, lock }: DaemonOptions): Promise<Daemon> {
  const startedAtMs = performance.now();
  const serverId = config.serverId || hostname();
  const metricsAddresses = metricsSettings(config, paths);
  const network = networkSettings(config);
  // What is wrong with them is told before anything is begun.
  if (network.listen?.tls !== undefined) readTlsFiles(network.listen.tls);
  if (network.listen !== undefined) await assertListenable(network.listen);
  const clusterCa = config.clusterCa === '' ? undefined : config.clusterCa;
  if (trustsEverybody(network, clusterCa))
    log.warn(
      {},
      'clusterSecret is set and clusterCa is not: every public authority can vouch for the other servers of the fleet',
    );
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
    trouble: thrown => {
      const { code, message } = TermError.from(thrown);
      log.warn({ code, error: message }, 'trouble while reading which servers there are');
    },
  });
  const screens = startScreens();
  const presence = new Presence({
    registry: store.registry,
    serverId,
    incarnation: () => store.lease.incarnation,
    trouble: (session, what, thrown) => {
      const { code, message } = TermError.from(thrown);
      log.warn({ session, code, error: message }, `trouble while ${what}`);
    },
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
    trouble: (what, thrown) => {
      const { code, message } = TermError.from(thrown);
      log.warn({ code, error: message }, `trouble while ${what}`);
    },
  });
  fleetEvents.start();
  await service.start(adopted);

  let leaving: Promise<void> | undefined;
  let hasLeft: () => void = () => {};
  const left = new Promise<void>(resolve => {
    hasLeft = resolve;
  });
  const leave = (reason: 'stop' | 'restart'): Promise<void> => {
    leaving ??= (async () => {
      if (reason === 'stop') writeFileSync(paths.stopMarker, '', { mode: 0o600 });
      metricsServer.close();
      await server.close(reason);
      authenticator.close();
      await withinMs(LEAVE_MS, async () => {
        directory.close();
        await service.stop();
        await fleetEvents.close();
        await admin.close();
        await Promise.all([hosts.close(), screens.close(), store.close()]);
      });
      hasLeft();
    })();
    return leaving;
  };
  /** After the reply that tells of it. */
  const leaveSoon = (reason: 'stop' | 'restart'): void => {
    setImmediate(() => {
      leave(reason).catch(error => log.error({ error: String(error) }, 'leaving failed'));
    });
  };

  const control = createStoreControl(
    storeSources({
      store,
      admin,
      sessions: service.registry,
      self: { id: serverId, hostId: machineId(), stateDir: paths.stateDir },
      restart: () => leaveSoon('restart'),
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
      caFile: clusterCa,
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
    trouble: (what, thrown) => {
      const { code, message } = TermError.from(thrown);
      log.warn({ code, error: message }, `trouble while ${what}`);
    },
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
        leaveSoon(reason);
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
  if (network.listen !== undefined) {
    const webSockets = await listenWebSocket({
      ...network,
      address: network.listen,
      authenticator,
      isServer: (bearer, onBehalfOf) =>
        onBehalfOf !== undefined &&
        isClusterBearer(bearer, config.clusterSecret, { serverId, onBehalfOf }, Date.now()),
      accept: (stream, arrival) => server.accept(stream, arrival),
      log,
    });
    server.addListener(webSockets);
    listening.push(webSockets.url);
    log.info({ url: webSockets.url }, 'listening');
  }
  server.addListener(await listenUnix(paths.socket, socket => server.accept(socket, THROUGH_SOCKET)));
  return { leave, left };
}

/** Resolves when the work is done, or at the deadline; rejects as the work does before. */
async function withinMs(deadlineMs: number, work: () => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>(resolve => {
    timer = setTimeout(resolve, deadlineMs);
  });
  const done = work();
  await Promise.race([done, late]).finally(() => clearTimeout(timer));
  // What still fails behind the deadline concerns nobody any more.
  done.catch(() => {});
}
