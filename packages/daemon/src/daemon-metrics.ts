import type { MetricsSettings } from '@triterm/core/config/load';
import { VERSION } from '@triterm/core/protocol';
import type { Store } from '@triterm/core/store';
import { daemonFigures } from './observe/daemon-figures.ts';
import type { Log } from './observe/log.ts';
import type { Measurements } from './observe/measurements.ts';
import { Metrics } from './observe/metrics.ts';
import { type MetricsServer, openMetricsServer } from './observe/metrics-server.ts';
import type { PtyHosts } from './pty/pty.ts';
import type { SessionService } from './session/session-service.ts';
import { storeFigures } from './store-report/store-figures.ts';

export interface DaemonMetricsOptions {
  readonly settings: MetricsSettings;
  readonly serverId: string;
  readonly stateDir: string;
  readonly store: Store;
  readonly service: SessionService;
  readonly hosts: Pick<PtyHosts, 'list'>;
  readonly measurements: Measurements;
  readonly log: Log;
}

/** Serves what the daemon and its store count and measure. */
export function openDaemonMetrics(options: DaemonMetricsOptions): Promise<MetricsServer> {
  const { settings, serverId, stateDir, store, service, hosts, measurements, log } = options;
  const metrics = new Metrics(
    {
      version: VERSION,
      serverId,
      daemon: () =>
        daemonFigures({
          sessions: service.registry.all().map(({ row }) => row.state),
          clients: service.clients,
          ptyHosts: hosts.list().length,
          stateDir,
        }),
      store: () => storeFigures(store, serverId, service.clients),
    },
    undefined,
    measurements,
  );
  return openMetricsServer(settings, () => metrics.text(), log);
}
