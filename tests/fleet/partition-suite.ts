import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { count, Viewer } from '../support/echo.ts';
import type { Fleet, FleetOptions } from '../support/fleet.ts';
import type { Partitions } from '../support/partitions.ts';
import { ThreeServers } from '../support/three-servers.ts';
import { until } from '../support/triterm.ts';

const LEASE_MS = 2000;
/** After a server's last word, the others know that it is gone. */
const KNOWN_MS = LEASE_MS + 5000;
/** Whoever waits for a server that has fallen silent is told within this time. */
const TOLD_MS = 12_000;
const IDS = ['server-1', 'server-2', 'server-3'] as const;

export interface PartitionSuiteOptions {
  /** Two servers are cut from each other until those who are concerned have been told, not for a moment only. */
  readonly patient: boolean;
}

type MakeFleet = (
  ids: readonly string[],
  options: FleetOptions,
) => Promise<{ fleet: Fleet; partitions: Partitions }>;

/** What must hold when a server is cut off for longer than its lease, or two of them from each other. */
export function partitionSuite(make: MakeFleet, { patient }: PartitionSuiteOptions): void {
  let servers: ThreeServers;
  let partitions: Partitions;
  beforeAll(async () => {
    const made = await make(IDS, { leaseMs: LEASE_MS });
    ({ partitions } = made);
    servers = await ThreeServers.start(made.fleet);
  });
  afterAll(() => servers[Symbol.asyncDispose]());

  const attach = async (server: DaemonProcess, target: string) =>
    await (await server.client()).attach(target, {});

  it('a server that is cut off is listed as unreachable, replaced by force only, and comes back with an orphan', async () => {
    const { fleet, first, second, third } = servers;
    const { id } = await servers.cat(second, 'work');
    const own = await Viewer.attach(await second.client(), 'work');
    await own.echoes('before');
    const { ownerEpoch } = await fleet.row(id);
    await expect.poll(() => servers.isReachable(first, id)).toBe(true);

    const heal = await partitions.isolate('server-2');
    for (const server of [first, third])
      await until(
        async () => (await servers.isReachable(server, id)) === false,
        'its lease has run out',
        KNOWN_MS,
      );
    const shown = (await servers.list(first)).find(session => session.id === id);
    expect(shown).toMatchObject({ state: 'running', unreachableSince: expect.any(String) });
    await expect(first.recreate('work')).rejects.toMatchObject({ code: 'OWNER_ALIVE' });
    // What was there goes on, but nobody may take it for what the name means.
    await own.echoes('alone');
    await Promise.all([
      expect(attach(second, 'work')).rejects.toMatchObject({ code: 'OWNERSHIP_UNVERIFIED' }),
      servers.works(second, id),
      expect(servers.cat(second, 'refused')).rejects.toMatchObject({
        code: expect.stringMatching(/^(LEASE_LOST|STORE_UNAVAILABLE)$/),
      }),
    ]);

    const winners = await Promise.allSettled(
      [first, third].map(server => server.recreate('work', { force: true })),
    );
    expect(winners.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const row = await fleet.row(id);
    expect(row).toMatchObject({ state: 'running' });
    expect(row.owner).not.toBe('server-2');
    expect(row.ownerEpoch).toBeGreaterThan(ownerEpoch);
    await servers.works(first, 'work');
    expect(servers.shells('work')).toHaveLength(1);

    await heal();
    await own.attachment.until('told that it is another session now', ({ moved }) => moved !== undefined);
    const orphan = own.attachment.moved?.session;
    expect(orphan).toMatchObject({ server: 'server-2', state: 'running' });
    expect(orphan?.id).not.toBe(id);
    await own.echoes('still here');
    await servers.settled(['work']);
    expect(await fleet.row(id)).toMatchObject({ owner: row.owner, ownerEpoch: row.ownerEpoch });
    for (const server of [first, second, third])
      await Promise.all([servers.works(server, 'work'), servers.works(server, orphan?.id ?? '')]);
  });

  it('servers that don’t hear from each other, and one without the database, keep everything else; nothing that ended comes back', async () => {
    const healed = await Promise.all([silentNeighbour(), withoutDatabase()]);
    await servers.settled(['far', 'kept']);
    for (const check of healed) await check();
  });

  /** The third server is out of the first one's reach. Resolves, when it is back, with what is left to check. */
  async function silentNeighbour(): Promise<() => Promise<void>> {
    const { first, third } = servers;
    const { id } = await servers.cat(third, 'far');
    const away = await Viewer.attach(await first.client(), 'far');
    await away.echoes('before');
    const heal = await partitions.separate('server-1', 'server-3');
    away.attachment.type('meanwhile\n');
    const told = away.attachment.until('being told', ({ interrupted }) => interrupted !== undefined, TOLD_MS);
    // Looked at below, whatever fails before.
    told.catch(() => {});
    if (patient) await told;
    const own = Viewer.attach(await third.client(), 'far');
    await Promise.all([
      expect(attach(first, 'far')).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' }),
      own.then(viewer => viewer.echoes('own')),
      // Both have their leases: neither is taken for dead.
      expect(servers.isReachable(first, id)).resolves.toBe(true),
      expect(servers.isReachable(third, id)).resolves.toBe(true),
      expect(first.recreate('far')).rejects.toMatchObject({ code: 'OWNER_ALIVE' }),
      expect(first.recreate('far', { force: true })).rejects.toMatchObject({ code: 'OWNER_ALIVE' }),
    ]);
    const added = await servers.cat(third, 'added');
    await until(async () => (await servers.names(first)).includes(added.name), 'a session made there');

    await heal();
    await told;
    await away.againWhenPossible(await first.client(), 'far');
    await away.echoes('after');
    expect(count(away.text, 'meanwhile')).toBe(2);
    return async () => {
      await servers.works(first, 'far');
    };
  }

  /** The second server loses its lease, not its sessions. Resolves, when it is back, with what is left to check. */
  async function withoutDatabase(): Promise<() => Promise<void>> {
    const { fleet, first, second } = servers;
    const { id } = await servers.cat(second, 'kept');
    const { id: victim } = await servers.cat(second, 'victim');
    await expect.poll(() => servers.isReachable(first, id)).toBe(true);
    const { ownerEpoch } = await fleet.row(id);
    const own = await Viewer.attach(await second.client(), 'kept');
    const heal = await partitions.separateFromDatabase('server-2');
    await second.request('session.kill', { target: victim, signal: 'SIGKILL' });
    await second.exited(victim);
    await until(
      async () => (await servers.isReachable(first, id)) === false,
      'its lease has run out',
      KNOWN_MS,
    );
    await own.echoes('still here');
    await servers.works(first, 'kept');
    await second.request('session.resize', { target: id, size: { cols: 111, rows: 33 } });
    await Promise.all([
      expect(attach(second, 'kept')).rejects.toMatchObject({ code: 'OWNERSHIP_UNVERIFIED' }),
      expect(servers.cat(second, 'refused')).rejects.toMatchObject({
        code: expect.stringMatching(/^(LEASE_LOST|STORE_UNAVAILABLE)$/),
      }),
    ]);

    await heal();
    return async () => {
      expect(await fleet.row(victim)).toMatchObject({ state: 'exited' });
      const row = await fleet.row(id);
      expect(row).toMatchObject({ state: 'running', owner: 'server-2', doc: { cols: 111, rows: 33 } });
      expect(row.ownerEpoch).toBeGreaterThanOrEqual(ownerEpoch);
      await servers.works(first, 'kept');
      expect(own.attachment.moved).toBeUndefined();
      expect(servers.shells('victim')).toEqual([]);
    };
  }
}
