import { isIP } from 'node:net';
import { bareHost, isLoopbackAddress, isLoopbackHost } from '../domain/index.ts';
import type { Config } from './schema.ts';
import { settingsProblem } from './store-problem.ts';

/** Where a server listens for WebSockets. `host` is without the brackets of IPv6. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  /** Undefined without TLS, on a loopback address. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined;
}

/** How a server is reached over a network. */
export interface NetworkSettings {
  /** Undefined: it listens on its unix socket only. */
  readonly listen: ListenAddress | undefined;
  /** Where others reach it; undefined: nowhere that it knows of. */
  readonly advertiseUrl: string | undefined;
  /** Host names and addresses by which clients may reach it, in lower case; loopback and the address connected to come on top. */
  readonly hosts: readonly string[];
  /** Web origins, as browsers write them: that of `advertiseUrl` and others beside the host's own that was asked for. */
  readonly origins: readonly string[];
  readonly maxConnections: number;
  readonly maxHandshakesPerSecond: number;
  /** Undefined: servers do not speak to each other. */
  readonly clusterSecret: string | undefined;
}

type NetworkConfig = Pick<
  Config,
  | 'listen'
  | 'tlsCert'
  | 'tlsKey'
  | 'advertiseUrl'
  | 'clusterSecret'
  | 'allowedOrigins'
  | 'allowedHosts'
  | 'maxConnections'
  | 'maxHandshakesPerSecond'
>;

const MIN_SECRET_LENGTH = 32;
const DEFAULT_PORTS = new Map([
  ['ws:', 80],
  ['wss:', 443],
]);

/** What the configuration says of the network; files are not looked at. Throws BAD_CONFIG, never with a secret in it. */
export function networkSettings(config: NetworkConfig): NetworkSettings {
  const listen = config.listen === '' ? undefined : listenAddress(config);
  const advertiseUrl = advertisedUrl(config, listen);
  const { clusterSecret } = config;
  if (clusterSecret !== '' && clusterSecret.length < MIN_SECRET_LENGTH)
    throw settingsProblem(
      'clusterSecret',
      `must have at least ${MIN_SECRET_LENGTH} characters; \`openssl rand -base64 32\` makes one`,
    );
  return {
    listen,
    advertiseUrl,
    hosts: [
      ...(listen === undefined || isWildcard(listen.host) ? [] : [listen.host.toLowerCase()]),
      ...(advertiseUrl === undefined ? [] : [bareHost(new URL(advertiseUrl))]),
      ...config.allowedHosts.map(allowedHost),
    ],
    origins: [
      // A proxy may end TLS in front of us.
      ...(advertiseUrl === undefined ? [] : [pageOrigin(advertiseUrl)]),
      ...config.allowedOrigins.map(allowedOrigin),
    ],
    maxConnections: config.maxConnections,
    maxHandshakesPerSecond: config.maxHandshakesPerSecond,
    clusterSecret: clusterSecret === '' ? undefined : clusterSecret,
  };
}

function listenAddress(config: NetworkConfig): ListenAddress {
  const { listen, tlsCert, tlsKey } = config;
  const url = webSocketUrl('listen', /^\d{1,5}$/.test(listen) ? `ws://127.0.0.1:${listen}` : listen);
  const host = bareHost(url);
  const port = url.port === '' ? DEFAULT_PORTS.get(url.protocol) : Number(url.port);
  if (url.pathname !== '/') throw settingsProblem('listen', 'must be without a path');
  if (port === undefined || port === 0) throw settingsProblem('listen', 'must have a port from 1 to 65535');
  if (url.protocol === 'ws:') {
    if (!isLoopbackAddress(host))
      throw settingsProblem(
        'listen',
        `is plain text, which only a loopback address may have, such as ws://127.0.0.1:${port}; write wss://${url.host} and give tlsCert and tlsKey`,
      );
    for (const setting of ['tlsCert', 'tlsKey'] as const)
      if (config[setting] !== '') throw settingsProblem(setting, 'is for wss://, and listen is without TLS');
    return { host, port, tls: undefined };
  }
  if (tlsCert === '') throw settingsProblem('tlsCert', 'is missing: listen is wss://');
  if (tlsKey === '') throw settingsProblem('tlsKey', 'is missing: listen is wss://');
  return { host, port, tls: { certFile: tlsCert, keyFile: tlsKey } };
}

function advertisedUrl(config: NetworkConfig, listen: ListenAddress | undefined): string | undefined {
  if (config.advertiseUrl === '') return listen === undefined ? undefined : ownUrl(listen);
  if (listen === undefined) throw settingsProblem('advertiseUrl', 'needs listen: nobody could connect to it');
  const url = webSocketUrl('advertiseUrl', config.advertiseUrl);
  const host = bareHost(url);
  if (isWildcard(host)) throw settingsProblem('advertiseUrl', `${host} is no address to connect to`);
  if (url.protocol === 'ws:' && !isLoopbackHost(host))
    throw settingsProblem(
      'advertiseUrl',
      'is plain text, which only a loopback address may have; write wss://',
    );
  return withoutFinalSlash(url);
}

function ownUrl(listen: ListenAddress): string | undefined {
  return isWildcard(listen.host) ? undefined : listenUrl(listen);
}

/** The address as a URL, for people and to connect to. */
export function listenUrl({ host, port, tls }: ListenAddress): string {
  const scheme = tls === undefined ? 'ws' : 'wss';
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function webSocketUrl(setting: 'listen' | 'advertiseUrl', text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !DEFAULT_PORTS.has(url.protocol) || url.hostname === '')
    throw settingsProblem(
      setting,
      setting === 'listen'
        ? 'must be wss://HOST:PORT, ws://127.0.0.1:PORT or PORT'
        : 'must be wss://HOST:PORT',
    );
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw settingsProblem(setting, 'must be without user, password, query and fragment');
  return url;
}

function allowedHost(text: string, at: number): string {
  const bare = text.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  // As a URL's parser writes a host: what it changes was none, or had more than the host.
  const host = bare.includes(':') ? `[${bare}]` : bare;
  if (isIP(bare) === 0 && (!URL.canParse(`ws://${host}`) || new URL(`ws://${host}`).host !== host))
    throw settingsProblem(
      'allowedHosts',
      `entry ${at + 1} must be a host name or an address, without a port`,
    );
  return bare;
}

function allowedOrigin(text: string, at: number): string {
  if (URL.canParse(text) && new URL(text).origin === text.toLowerCase()) return text.toLowerCase();
  throw settingsProblem(
    'allowedOrigins',
    `entry ${at + 1} must be an origin such as https://term.example.org, without a path`,
  );
}

/** Of pages at the same place as the WebSocket. */
function pageOrigin(webSocketUrl: string): string {
  return new URL(webSocketUrl.replace(/^ws/, 'http')).origin;
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

function withoutFinalSlash({ href }: URL): string {
  return href.replace(/\/$/, '');
}
