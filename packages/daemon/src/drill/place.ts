import type { ProtocolClient } from '@triterm/core/sandbox/protocol-client';

/** How Redis fails for one server. `slow`: every command takes so much longer. */
export type RedisFault =
  | { readonly kind: 'down' }
  | { readonly kind: 'hang' }
  | { readonly kind: 'slow'; readonly latencyMs: number };

/** A server with Redis behind it, where Redis can fail: of a sandbox, or the running one. Drills that suit both are written for it. */
export interface Place {
  /** A connection of its own, which is closed when the drill ends. */
  client(): Promise<ProtocolClient>;
  /** Name of a session that no other drill has; those that are left are killed when the drill ends. */
  sessionName(word: string): string;
  /** For this server alone. Restored when the drill ends, however that is. */
  breakRedis(fault: RedisFault): Promise<void>;
  restoreRedis(): Promise<void>;
}
