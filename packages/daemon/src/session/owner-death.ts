import { TermError } from '@triterm/core/errors';
import type { ServerRow, SessionRow } from '@triterm/core/store';

/** The machine that asks, in its present run. */
export interface Machine {
  readonly hostId: string;
  readonly bootId: string;
}

/**
 * Makes sure that a session of another server may be made anew here. Throws OWNER_ALIVE while its server holds its lease, whatever is
 * wished; and when nobody can say whether its program still runs, unless `force` is given. A lapsed lease alone proves nothing: its
 * host may be cut off, and the program go on.
 */
export function requireOwnerDead(
  row: SessionRow,
  servers: readonly ServerRow[],
  here: Machine,
  force: boolean,
): void {
  const owner = servers.find(({ id }) => id === row.ownerServer);
  const details = { server: row.ownerServer };
  if (owner !== undefined && owner.leaseLeftMs > 0) {
    throw new TermError('OWNER_ALIVE', `Session ${row.name} is on server ${owner.id}, which is alive.`, {
      details,
      hint:
        row.state === 'lost'
          ? `Recreate it there: server ${owner.id} owns it.`
          : 'Attach to the session; `triterm kill` ends it where it is.',
    });
  }
  if (force || row.state === 'lost' || wasRebooted(row, owner, servers, here)) return;
  throw new TermError(
    'OWNER_ALIVE',
    `Server ${row.ownerServer} can't be reached, but the program of session ${row.name} may still run there.`,
    {
      details,
      hint: 'Wait until its server is back; if you are sure that its host is gone for good, give --force.',
    },
  );
}

/**
 * Whether the machine that the program ran on has been started anew since: this server is on it in another run, or one has registered
 * on it in another run after the session got its epoch. Both numbers come from the database's one counter.
 */
function wasRebooted(
  row: SessionRow,
  owner: ServerRow | undefined,
  servers: readonly ServerRow[],
  here: Machine,
): boolean {
  if (owner === undefined) return false;
  const isOtherRun = ({ hostId, bootId }: Machine) => hostId === owner.hostId && bootId !== row.doc.bootId;
  return (
    isOtherRun(here) || servers.some(server => server.incarnation > row.ownerEpoch && isOtherRun(server))
  );
}
