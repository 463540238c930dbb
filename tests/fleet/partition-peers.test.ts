import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { attachAndEcho, count, Viewer } from '../support/echo.ts';
import { Fleet } from '../support/fleet.ts';
import { BREAKS, delay, refused } from '../support/link-faults.ts';
import { ThreeServers } from '../support/three-servers.ts';
import { until } from '../support/triterm.ts';

/** Whoever is attached through another server is told within this time that the session's has fallen silent. */
const TOLD_MS = 12_000;
/** A key and its echo, each 200 ms late. */
const LATE_MS = 400;

let servers: ThreeServers;
beforeAll(async () => {
  servers = await ThreeServers.start(await Fleet.start({ proxied: true }));
  await servers.cat(servers.first, 'one');
  await servers.cat(servers.second, 'two');
});
afterAll(() => servers[Symbol.asyncDispose]());
afterEach(() => servers.fleet.heal());

describe.each(BREAKS)('a server that others can’t reach (%s)', (_kind, fault) => {
  it('keeps its own clients; those of others are told, and go on where they were', async () => {
    const { fleet, first, second, third } = servers;
    const away = await Viewer.attach(await fleet.client('server-1'), 'two');
    await away.echoes(servers.fresh('before'));
    await fault(fleet.links('server-2').peers);
    const meanwhile = servers.fresh('meanwhile');
    away.attachment.type(`${meanwhile}\n`);
    await Promise.all([servers.works(second, 'two'), servers.works(second, 'one')]);
    const [attaching, resizing] = await Promise.all([
      refused(third.client().then(client => client.attach('two', {}))),
      refused(first.request('session.resize', { target: 'two', size: { cols: 70, rows: 20 } })),
    ]);
    expect(attaching).toMatchObject({ code: 'SERVER_UNREACHABLE' });
    expect(resizing).toMatchObject({ code: expect.stringMatching(/^(SERVER_UNREACHABLE|OUTCOME_UNKNOWN)$/) });
    // Every server has its lease, so nobody is taken for dead.
    const { id } = await second.state('two');
    expect(await servers.isReachable(third, id)).toBe(true);
    const added = servers.fresh('added');
    await servers.cat(second, added);
    await until(async () => (await servers.names(third)).includes(added), 'a session made there');
    await away.attachment.until('being told', ({ interrupted }) => interrupted !== undefined, TOLD_MS);
    await fleet.links('server-2').peers.heal();
    await away.againWhenPossible(await fleet.client('server-1'), 'two');
    await away.echoes(servers.fresh('after'));
    // The terminal's echo, and the program's line.
    expect(count(away.text, meanwhile)).toBe(2);
    await servers.settled(['one', 'two']);
  });
});

describe('a server that others reach late', () => {
  it('is attached to as ever, as late as the network is', async () => {
    delay(servers.fleet.links('server-2').peers);
    expect(await servers.works(servers.first, 'two')).toBeGreaterThan(LATE_MS);
    await servers.settled(['one', 'two']);
  });
});

describe.each(BREAKS)('a client whose way to its server is %s', (_kind, fault) => {
  it('goes on through another server, and nothing is typed twice or lost', async () => {
    const { fleet, second } = servers;
    // The same person comes back.
    const token = await fleet.token({ user: 'local', scope: 'admin' });
    const client = await fleet.client('server-1', { token });
    const viewer = await Viewer.attach(client, 'two');
    await viewer.echoes(servers.fresh('before'));
    await fault(fleet.links('server-1').clients);
    const meanwhile = servers.fresh('meanwhile');
    viewer.attachment.type(`${meanwhile}\n`);
    await servers.works(second, 'two');
    client.cut();
    await viewer.again(await fleet.client('server-3', { token }), 'two');
    await viewer.echoes(servers.fresh('after'));
    expect(count(viewer.text, meanwhile)).toBe(2);
    await servers.settled(['one', 'two']);
  });
});

describe('a client whose way to its server is delayed', () => {
  it('types and sees, as late as the network is', async () => {
    const { fleet } = servers;
    const client = await fleet.client('server-1');
    delay(fleet.links('server-1').clients);
    expect(await attachAndEcho(client, 'two', servers.fresh('line'))).toBeGreaterThan(LATE_MS);
    await servers.settled(['one', 'two']);
  });
});
