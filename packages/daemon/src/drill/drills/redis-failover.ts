import { setTimeout as pause } from 'node:timers/promises';
import { defineDrill } from '../drill.ts';
import { claimUnread, untilDrained, untilEqual, untilUsed } from './support/redis-state.ts';
import { beginWork, placeOf, WITHOUT_WARMING } from './support/redis-work.ts';
import { Requests } from './support/requests.ts';

/** Between two writes of those that go on all the time. */
const WRITE_EVERY_MS = 10;
/** From another master being named to its being used. */
const USED_MS = 5000;

/** The master of a sentinel group dies under a server that writes, and its replica lags behind. */
export const REDIS_FAILOVER = defineDrill({
  name: 'redis-failover',
  summary: 'The master dies under a server that writes; its replica, which has missed writes, takes over',
  hypothesis:
    'Every write is acknowledged, the next master is used, and nothing that it has from before is ever read.',
  needs: ['sentinel'],
  async run(stage, sandbox) {
    const group = await stage.step('start a master, a replica and three sentinels', () =>
      sandbox.sentinels(),
    );
    const database = await sandbox.database();
    const daemon = await stage.step('start a server', () =>
      sandbox.daemon('drill-1', {
        database,
        env: {
          ...WITHOUT_WARMING,
          REDIS_SENTINELS: group.sentinels.map(({ host, port }) => `${host}:${port}`).join(','),
          REDIS_SENTINEL_NAME: group.name,
        },
      }),
    );
    const place = placeOf(sandbox, daemon);
    const { client, typist, typed, changed } = await beginWork(stage, place);
    const requests = new Requests(stage, client);
    const rename = () =>
      requests.send('session.rename', { target: changed, name: place.sessionName('renamed') });
    const master = await group.masterPort();
    const key = `triterm:session:${changed}`;
    const atReplica = () => group.ask(group.otherThan(master), 'get', key);
    const { pid } = (await client.request('session.show', { target: changed })).session;
    let before = '';
    // Of a new session the process is learned, and stored a moment later: until then it still changes by itself.
    await stage.until('the replica has the entry too', async () => {
      before = await group.ask(group.server(master), 'get', key);
      return new RegExp(`pid\\W+${pid}\\b`).test(before) && (await atReplica()) === before;
    });

    await stage.step('the master loses its replica and the sentinels, and a session is renamed', async () => {
      await group.cutOff(master);
      await rename();
    });
    await untilEqual(stage, client, [changed]);
    stage.claim('the replica has missed the new name', (await atReplica()) === before);
    // What the outbox still has would be told to the next master.
    await untilDrained(stage, client);

    const ending = new AbortController();
    const signal = AbortSignal.any([ending.signal, stage.signal]);
    const writing = (async () => {
      for (let count = 0; !signal.aborted; count += 1) {
        await requests.send('session.label', { target: typed, set: { drill: String(count) } });
        await pause(WRITE_EVERY_MS);
      }
    })();
    // Looked at below, whatever fails before.
    writing.catch(() => {});
    try {
      const brokenAt = Date.now();
      await stage.step('the master is killed', () => group.server(master).kill());
      await stage.step('the sentinels name another one', () => group.switchedFrom(master));
      stage.measure('from the death of the master to the next one', Date.now() - brokenAt, 'ms');
      await typist.type('after the death');
      stage.measure(
        'from then on until it is used',
        await untilUsed(stage, client, { brokenAt, withinMs: USED_MS }),
        'ms',
      );
      await claimUnread(stage, client, changed);
    } finally {
      ending.abort();
    }
    await stage.step('the writes come to an end', () => writing);
    await untilEqual(stage, client, [typed], 1000);

    await stage.step('rename the session again', rename);
    await untilEqual(stage, client, [changed], 1000);
    typist.tell();
    requests.tell('around the death of the master');
  },
});
