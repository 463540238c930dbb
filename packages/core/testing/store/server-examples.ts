import type { ServerIdentity } from '@triterm/core/store';

/** Longer than any test. */
export const LONG_MS = 60_000;

/** A server as it introduces itself. */
export function exampleServer(id: string, change: Partial<ServerIdentity> = {}): ServerIdentity {
  return {
    id,
    hostId: 'host-1',
    bootId: 'boot-1',
    stateDir: '/state',
    advertiseUrl: null,
    ...change,
  };
}
