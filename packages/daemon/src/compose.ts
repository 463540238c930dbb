import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Paths } from '@triterm/core/config';
import { type Config, metricsSettings } from '@triterm/core/config/load';
import { TermError } from '@triterm/core/errors';
import { PROTOCOL, VERSION } from '@triterm/core/protocol';
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
import { attachHandlers } from './server/handlers/attach.ts';
import { daemonHandlers } from './server/handlers/daemon.ts';
import { eventHandlers } from './server/handlers/events.ts';
import { scriptingHandlers } from './server/handlers/scripting.ts';
import { sessionHandlers } from './server/handlers/sessions.ts';
import { storeHandlers } from './server/handlers/store.ts';
import { listenUnix } from './server/listener.ts';
import { Router } from './server/router.ts';
import { ProtocolServer } from './server/server.ts';
import { EventBus } from './session/event-bus.ts';
import { Presence } from './session/presence.ts';
import { LOCAL_USER } from './session/session-lifecycle.ts';
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
  const bus = new EventBus();
  const measurements = new Measurements();
  const [{ store, admin, ownIds }, { hosts, adopted }] = await Promise.all([
    openDaemonStore({ paths, config, serverId, bootId: bootId(), log, measurements, bus }),
    openPtyHosts({ paths, log, generation: lock.generation }),
  ]);
  const { movedAside } = store;
  const screens = startScreens();
  const presence = new Presence({
    registry: store.registry,
    userId: LOCAL_USER,
    serverId,
    incarnation: () => store.lease.incarnation,
    trouble: (session, what, thrown) => {
      const { code, message } = TermError.from(thrown);
      log.warn({ session, code, error: message }, `trouble while ${what}`);
    },
  });
  const service = new SessionService({
    store: store.sessions,
    hosts,
    screens,
    bus,
    presence,
    locks: measuredLocks(store.locks, measurements),
    ownIds,
    config,
    sessionsDir: paths.sessionsDir,
    serverId,
    bootId: bootId(),
    log,
  });
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
      await withinMs(LEAVE_MS, async () => {
        await service.stop();
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
  const router = new Router({
    ...sessionHandlers(service),
    ...attachHandlers(service),
    ...scriptingHandlers(service),
    ...eventHandlers(service, bus),
    ...storeHandlers(control),
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
      }),
      shutdown: async (reason, killSessions) => {
        if (killSessions) {
          await service.killAll();
          await hosts.retire();
        }
        leaveSoon(reason);
      },
    }),
  });
  const server = new ProtocolServer(router);
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
  server.addListener(await listenUnix(paths.socket, socket => server.accept(socket)));
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
