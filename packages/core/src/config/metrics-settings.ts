import { resolve } from 'node:path';
import { isLoopbackAddress } from '../domain/index.ts';
import { type HostPort, parseHostPort } from './host-port.ts';
import type { Paths } from './paths.ts';
import type { Config } from './schema.ts';
import { settingsProblem } from './store-problem.ts';

/** Where metrics are told; each undefined where they are not. */
export interface MetricsSettings {
  readonly socket: string | undefined;
  readonly tcp: HostPort | undefined;
}

/** What the configuration says of metrics. Throws BAD_CONFIG for an address that others could reach. */
export function metricsSettings(
  { metricsSocket, metricsListen }: Pick<Config, 'metricsSocket' | 'metricsListen'>,
  { runDir, socket }: Pick<Paths, 'runDir' | 'socket'>,
): MetricsSettings {
  const file = metricsSocket === '' ? undefined : resolve(runDir, metricsSocket);
  if (file === socket) throw settingsProblem('metricsSocket', "is the daemon's own socket");
  return { socket: file, tcp: metricsListen === '' ? undefined : loopback(metricsListen) };
}

/** Plain HTTP without a password must not leave the machine. Names are not taken: what they lead to can change. */
function loopback(text: string): HostPort {
  const address = parseHostPort(text, undefined);
  if (address === undefined) throw settingsProblem('metricsListen', 'must be 127.0.0.1:PORT or [::1]:PORT');
  const { host } = address;
  if (isLoopbackAddress(host)) return address;
  throw settingsProblem(
    'metricsListen',
    'must be a loopback address, 127.0.0.1:PORT or [::1]:PORT; let a proxy with TLS and passwords carry it further',
  );
}
