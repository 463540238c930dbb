/** An address to connect to; `host` is without the brackets of IPv6. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

const HOST_PORT = /^(?:\[([0-9a-f:.%]+)\]|([^\s:/@[\]]+))(?::(\d{1,5}))?$/i;

/** `host`, `host:port`, `[v6]` or `[v6]:port`; undefined for anything else, or a port that none can be. */
export function parseHostPort(text: string, defaultPort: number | undefined): HostPort | undefined {
  const match = HOST_PORT.exec(text.trim());
  const host = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  if (host === undefined || port === undefined || port < 1 || port > 65_535) return undefined;
  return { host, port };
}
