import { isIPv4 } from 'node:net';

/** A URL's host, without the brackets of IPv6. */
export function bareHost({ hostname }: Pick<URL, 'hostname'>): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

/** An address of this machine alone. Names are none: what they lead to can change. `host` is without brackets. */
export function isLoopbackAddress(host: string): boolean {
  return (isIPv4(host) && host.startsWith('127.')) || host === '::1';
}

/** Whether plain text to it stays on this machine. `host` is without brackets. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || isLoopbackAddress(host);
}

/** Whether a URL leads to another machine on each machine; false for what is no URL. */
export function isLoopbackUrl(url: string): boolean {
  return URL.canParse(url) && isLoopbackHost(bareHost(new URL(url)));
}
