import { newSessionId, newToken } from '@triterm/core/domain';
import type { NewSession, SessionRow, SessionStore } from '@triterm/core/store';
import type { FreeNames } from './free-names.ts';
import { type Lease, underLease } from './lease.ts';

/** Who an orphan will be, however often its row has to be asked for. */
export interface Orphan {
  readonly id: string;
  readonly idempotencyKey: string;
}

export function newOrphan(): Orphan {
  return { id: newSessionId(), idempotencyKey: newToken() };
}

export interface OrphanRowDependencies {
  readonly names: Pick<FreeNames, 'use'>;
  readonly store: Pick<SessionStore, 'create'>;
  readonly lease: Lease;
  readonly serverId: string;
}

/** A row for a PTY that is here and has none. `chooseName`: as for `FreeNames.use`. Rejects as `SessionStore.create`. */
export function createOrphanRow(
  { names, store, lease, serverId }: OrphanRowDependencies,
  { id, idempotencyKey }: Orphan,
  wanted: Pick<NewSession, 'userId' | 'state' | 'doc'>,
  chooseName: (taken: (name: string) => boolean) => string,
): Promise<SessionRow> {
  return names.use(wanted.userId, chooseName, name =>
    underLease(lease, incarnation =>
      store.create(
        { ...wanted, id, name, ownerServer: serverId },
        // It runs already: a limit would only lose it.
        { limit: Number.MAX_SAFE_INTEGER, incarnation, idempotencyKey },
      ),
    ),
  );
}
