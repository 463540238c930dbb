import { newToken } from '@triterm/core/domain';
import type { ProtocolClient } from '@triterm/core/sandbox/protocol-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { attachAndEcho } from '../support/echo.ts';
import { Fleet } from '../support/fleet.ts';
import { BREAKS, delay, refused } from '../support/link-faults.ts';
import { ThreeServers } from '../support/three-servers.ts';
import { until } from '../support/triterm.ts';

let servers: ThreeServers;
let idOfOne: string;
beforeAll(async () => {
  servers = await ThreeServers.start(await Fleet.start({ proxied: true }));
  ({ id: idOfOne } = await servers.cat(servers.first, 'one'));
  await servers.cat(servers.second, 'two');
});
afterAll(() => servers[Symbol.asyncDispose]());
afterEach(() => servers.fleet.heal());

/** A session of server-1 that is ended and removed while the network is not whole. */
async function removed(name: string): Promise<void> {
  const { first } = servers;
  await first.request('session.kill', { target: name, signal: 'SIGKILL' });
  await first.exited(name);
  await first.request('session.kill', { target: name });
  expect(servers.shells(name)).toEqual([]);
}

describe.each([...BREAKS, ['delayed', delay] as const])(
  'a server whose way to Redis is %s',
  (_kind, fault) => {
    it('serves everything, over the database', async () => {
      const { fleet, first, second, all } = servers;
      const [victim, added] = [servers.fresh('victim'), servers.fresh('added')];
      const elsewhere = servers.fresh('elsewhere');
      await servers.cat(first, victim);
      const [here, there] = [await second.client(), await first.client()];
      for (const client of [here, there]) await client.request('events.subscribe', { all: true });
      await fault(fleet.links('server-2').redis);
      await Promise.all([
        servers.works(second, 'one'),
        servers.works(first, 'two'),
        servers.cat(second, added),
        servers.cat(first, elsewhere),
        removed(victim),
      ]);
      await there.request('session.resize', { target: 'two', size: { cols: 101, rows: 31 } });
      for (const server of all)
        await expect
          .poll(() => servers.names(server), { timeout: 5000 })
          .toEqual(expect.arrayContaining(['one', 'two', added, elsewhere]));
      expect(await servers.names(second)).not.toContain(victim);
      // Each hears of what has happened on the other side.
      const heard = (client: ProtocolClient, name: string) =>
        client.events.some(event => event.type === 'created' && event.name === name);
      await until(() => heard(there, added) && heard(here, elsewhere), 'what happened elsewhere');
      await servers.settled(['one', 'two']);
      for (const server of all) expect(await servers.names(server)).not.toContain(victim);
    });
  },
);

describe.each(BREAKS)('a server whose way to the database is %s', (_kind, fault) => {
  it('goes on with its own sessions, and refuses what must be stored or looked up', async () => {
    const { fleet, first, second } = servers;
    const [victim, added] = [servers.fresh('victim'), servers.fresh('added')];
    const { id } = await servers.cat(second, victim);
    await second.request('session.show', { target: idOfOne });
    await fault(fleet.links('server-2').database);
    await Promise.all([servers.works(second, 'two'), servers.works(first, 'two')]);
    await second.request('session.resize', { target: 'two', size: { cols: 99, rows: 29 } });
    const [here, other] = [await second.client(), await second.client()];
    const [, ...refusals] = await Promise.all([
      // Where a session is may be known by its id.
      attachAndEcho(other, idOfOne, servers.fresh('line')),
      refused(here.attach('one', {})),
      refused(servers.list(second)),
      refused(servers.cat(second, servers.fresh('refused'))),
    ]);
    for (const refusal of refusals) expect(refusal).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await second.request('session.kill', { target: victim, signal: 'SIGKILL' });
    await second.exited(victim);
    await servers.cat(first, added);
    expect(await servers.names(first)).toEqual(expect.arrayContaining(['one', 'two', added]));
    await servers.settled(['one', 'two']);
    expect(await fleet.row(id)).toMatchObject({ state: 'exited' });
    expect((await fleet.row((await second.state('two')).id)).doc).toMatchObject({ cols: 99, rows: 29 });
    expect(servers.shells(victim)).toEqual([]);
  });
});

describe('a server whose way to the database is delayed', () => {
  it('serves what takes a statement or two; what takes a transaction may be refused in time, and repeated', async () => {
    const { fleet, first, second } = servers;
    const added = servers.fresh('added');
    const idempotencyKey = newToken();
    const create = () => servers.cat(second, added, { idempotencyKey });
    delay(fleet.links('server-2').database);
    const outcome = await refused(create());
    if (outcome !== undefined)
      expect(outcome).toMatchObject({ code: expect.stringMatching(/^(STORE_UNAVAILABLE|OUTCOME_UNKNOWN)$/) });
    await Promise.all([servers.works(second, 'one'), servers.works(first, 'two')]);
    expect(await servers.names(second)).toEqual(expect.arrayContaining(['one', 'two']));
    await fleet.heal();
    await create();
    await servers.settled(['one', 'two']);
    expect(servers.shells(added)).toHaveLength(1);
  });
});
