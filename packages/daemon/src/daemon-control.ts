import type { Paths } from '@triterm/core/config';
import type { Config } from '@triterm/core/config/load';
import { PROTOCOL, VERSION } from '@triterm/core/protocol';
import type { Store } from '@triterm/core/store';
import { pageOf } from './cluster/list-page.ts';
import type { ServerRelay } from './cluster/relay.ts';
import type { Leaving } from './leaving.ts';
import type { AdjustableLog } from './observe/log.ts';
import type { PtyHosts } from './pty/pty.ts';
import type { Reload } from './reload.ts';
import type { DaemonControl } from './server/handlers/daemon.ts';
import type { SessionService } from './session/session-service.ts';
import type { ServiceUnit } from './systemd/service-environment.ts';

export interface DaemonControlSources {
  readonly paths: Pick<Paths, 'stateDir' | 'socket'>;
  readonly config: Pick<Config, 'logLevel'>;
  readonly log: AdjustableLog;
  readonly serverId: string;
  /** By `performance.now()`. */
  readonly startedAtMs: number;
  readonly store: Pick<Store, 'movedAside' | 'lease'>;
  readonly hosts: Pick<PtyHosts, 'list' | 'retire'>;
  readonly service: SessionService;
  readonly relay: Pick<ServerRelay, 'handOver'>;
  readonly reload: Pick<Reload, 'reload'>;
  readonly leaving: Pick<Leaving, 'leaveSoon'>;
  /** URLs at which it listens so far, beside its socket. */
  readonly listening: readonly string[];
  /** The systemd unit that the daemon is. */
  readonly unit: ServiceUnit | undefined;
}

/** What the daemon tells of itself, and what it can be told to do. */
export function createDaemonControl(sources: DaemonControlSources): DaemonControl {
  const { config, log, hosts, service, relay, reload, leaving } = sources;
  return {
    status: () => statusOf(sources),
    drain: async undo => {
      await service.drain.set(!undo);
      return {
        draining: service.drain.draining,
        sessions: undo
          ? []
          : pageOf(
              service.list().filter(({ state }) => state === 'running'),
              null,
            ).sessions,
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
    reload: () => reload.reload(),
    logLevel: level => {
      if (level !== undefined) {
        log.setLevel(level ?? config.logLevel);
        log.info({ logLevel: log.level }, 'the log level was changed');
      }
      return { level: log.level, configured: config.logLevel };
    },
  };
}

function statusOf(sources: DaemonControlSources): ReturnType<DaemonControl['status']> {
  const { paths, serverId, startedAtMs, hosts, service, listening, unit } = sources;
  const { movedAside, lease } = sources.store;
  return {
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
    lease: { held: lease.held, leftMs: Math.max(0, lease.leftMs), incarnation: lease.incarnation },
    listen: [...listening],
    manager: unit === undefined ? null : { name: 'systemd', ...unit },
  };
}
