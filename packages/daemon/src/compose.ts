import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Paths } from '@triterm/core/config';
import type { Config } from '@triterm/core/config/load';
import { PROTOCOL, VERSION } from '@triterm/core/protocol';
import { openSqliteSessionStore } from '@triterm/core/store/sqlite';
import { ENTRY_POINT_OPTIONS, entryPoint } from './entry-points.ts';
import { bootId } from './host-facts.ts';
import type { Log } from './observe/log.ts';
import { openPtyHosts } from './pty/supervisor.ts';
import { startScreens } from './screen/screen-service.ts';
import { attachHandlers } from './server/handlers/attach.ts';
import { daemonHandlers } from './server/handlers/daemon.ts';
import { eventHandlers } from './server/handlers/events.ts';
import { scriptingHandlers } from './server/handlers/scripting.ts';
import { sessionHandlers } from './server/handlers/sessions.ts';
import { listenUnix } from './server/listener.ts';
import { Router } from './server/router.ts';
import { ProtocolServer } from './server/server.ts';
import { EventBus } from './session/event-bus.ts';
import { SessionService } from './session/session-service.ts';
import type { StateLock } from './state-lock.ts';

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
  const [{ store, movedAside }, { hosts, adopted }] = await Promise.all([
    openSqliteSessionStore({
      file: paths.database,
      workerUrl: entryPoint('store-worker'),
      execArgv: ENTRY_POINT_OPTIONS,
      serverId,
      bootId: bootId(),
    }),
    openPtyHosts({ paths, log, generation: lock.generation }),
  ]);
  if (movedAside !== undefined) {
    log.error(
      { movedAside },
      'the database was corrupt; it was moved aside and a new one begun; nothing was deleted',
    );
  }
  const screens = startScreens();
  const bus = new EventBus();
  const service = new SessionService({
    store,
    hosts,
    screens,
    bus,
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
      await server.close(reason);
      await service.stop();
      await Promise.all([hosts.close(), screens.close(), store.close()]);
      hasLeft();
    })();
    return leaving;
  };

  const router = new Router({
    ...sessionHandlers(service),
    ...attachHandlers(service),
    ...scriptingHandlers(service),
    ...eventHandlers(service, bus),
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
        setImmediate(() => {
          leave(reason).catch(error => log.error({ error: String(error) }, 'leaving failed'));
        });
      },
    }),
  });
  const server = new ProtocolServer(router);
  server.addListener(await listenUnix(paths.socket, socket => server.accept(socket)));
  return { leave, left };
}
