import { newSessionId } from '@triterm/core/domain';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../src/sandbox/redis-process.ts';
import { RedisSentinelGroup } from '../../src/sandbox/redis-sentinel.ts';
import { connectRedis } from '../../src/store/redis/connect.ts';
import { RedisSessionCache } from '../../src/store/redis/redis-cache.ts';
import { RedisEventChannel } from '../../src/store/redis/redis-channel.ts';
import type { RedisLink } from '../../src/store/redis/redis-link.ts';
import { awakeMs } from '../awake-time.ts';
import { RedisCluster } from '../servers/redis-cluster.ts';
import { EPOCHS, exampleRow } from './cache-contract.ts';
import { Inbox } from './event-inbox.ts';
import { connectedLink, Witness } from './redis-witness.ts';

const PATIENT_MS = 2000;

const write = (link: RedisLink) =>
  link.command('set', client => client.set('triterm:k', 'v'), PATIENT_MS).catch(() => undefined);

const identityOf = (link: RedisLink) =>
  link.identity().then(
    ({ identity }) => identity,
    () => '',
  );

const connectedAgain = (witness: Witness, times: number) =>
  witness.until(({ timesConnected }) => timesConnected > times);

describe('by sentinels', () => {
  const standing = async (group: RedisSentinelGroup) => {
    const { sentinels, name } = group;
    const { link, witness } = await connectedLink({ topology: 'sentinel', sentinels, name });
    const channel = new RedisEventChannel(link);
    const inbox = new Inbox();
    await channel.subscribe(inbox);
    return { link, witness, channel, inbox };
  };
  const heardAgain = async (channel: RedisEventChannel, inbox: Inbox) => {
    await expect
      .poll(
        async () => {
          await channel.publish('again').catch(() => {});
          return inbox.messages;
        },
        { timeout: 20_000 },
      )
      .toContain('again');
  };

  it('is back by itself on the new master when the old one was killed, and shows another identity', async () => {
    await using group = await RedisSentinelGroup.start();
    const { link, witness, channel, inbox } = await standing(group);
    const before = await link.identity();
    const port = await group.masterPort();
    await group.server(port).kill();
    await connectedAgain(witness, 1);
    await expect.poll(() => write(link), { timeout: 20_000 }).toBe('OK');
    const after = await link.identity();
    expect(after.master).toBe(true);
    expect(after.identity).not.toBe(before.identity);
    expect(inbox.gaps).toBeGreaterThan(0);
    await heardAgain(channel, inbox);
    await link.close();
  });

  it('follows when the sentinels hand over', async () => {
    await using group = await RedisSentinelGroup.start();
    const { link, channel, inbox } = await standing(group);
    const before = await link.identity();
    await group.handOver();
    // The old master takes writes until it has heard.
    await expect
      .poll(() => identityOf(link), { timeout: 20_000 })
      .not.toMatch(new RegExp(`^(${before.identity})?$`));
    expect((await link.identity()).master).toBe(true);
    expect(await write(link)).toBe('OK');
    await heardAgain(channel, inbox);
    await link.close();
  });

  it('leaves a master that the sentinels have given up, although it still answers', async () => {
    await using group = await RedisSentinelGroup.start();
    const { link, witness } = await standing(group);
    const before = await link.identity();
    const port = await group.masterPort();
    await group.isolate(port);
    await witness.until(({ topologyChanges }) => topologyChanges > 0);
    await expect
      .poll(() => identityOf(link), { timeout: 20_000 })
      .not.toMatch(new RegExp(`^(${before.identity})?$`));
    expect((await link.identity()).master).toBe(true);
    await link.close();
  });

  it('names the master that no sentinel knows, the password, and sentinels that are not there', async () => {
    await using group = await RedisSentinelGroup.start({ password: 'secret' });
    const { sentinels, name } = group;
    const gone = [{ host: '127.0.0.1', port: 1 }];
    for (const [settings, expected] of [
      [
        { sentinels, name: 'another', password: 'secret' },
        { message: /knows no master.*REDIS_SENTINEL_NAME/ },
      ],
      [
        { sentinels, name, password: 'wrong' },
        { code: 'CACHE_REFUSED', message: /REDIS_PASSWORD.*WRONGPASS/ },
      ],
      [{ sentinels: gone, name }, { message: /127.0.0.1:1 can't be reached/ }],
    ] as const) {
      const witness = new Witness();
      const link = connectRedis({ topology: 'sentinel', ...settings }, witness);
      await witness.until(({ reasons }) => reasons.length > 1);
      const error: unknown = await link.identity().catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        code: 'CACHE_UNAVAILABLE',
        ...expected,
        message: expect.stringMatching(expected.message),
      });
      await link.close();
    }
  });

  it('comes up although the first sentinel is gone, and rejects at once while all are', async () => {
    await using group = await RedisSentinelGroup.start();
    const gone = { host: '127.0.0.1', port: 1 };
    const { link, witness } = await connectedLink({
      topology: 'sentinel',
      sentinels: [gone, ...group.sentinels],
      name: group.name,
    });
    expect(await write(link)).toBe('OK');
    await group.dispose();
    await witness.until(({ reasons }) => reasons.length > 0);
    const beganMs = awakeMs();
    const asking = link.command('ping', client => client.ping(), PATIENT_MS);
    await expect(asking).rejects.toMatchObject({ details: { failure: 'disconnected' } });
    expect(awakeMs() - beganMs).toBeLessThan(500);
    await link.close();
  });
});

describe('in a cluster', () => {
  it('names a wrong password', async () => {
    await using cluster = await RedisCluster.start();
    for (const server of cluster.servers) await server.cli([], ['config', 'set', 'requirepass', 'secret']);
    const witness = new Witness();
    const link = connectRedis({ topology: 'cluster', nodes: cluster.nodes, password: 'wrong' }, witness);
    await witness.until(({ reasons }) => reasons.length > 1);
    await expect(link.identity()).rejects.toMatchObject({
      code: 'CACHE_REFUSED',
      details: { failure: 'auth' },
    });
    await link.close();
  });

  it('hears messages again after the node that brought them was lost', async () => {
    await using cluster = await RedisCluster.start();
    const { link } = await connectedLink({
      topology: 'cluster',
      nodes: cluster.nodes,
      commandTimeoutMs: PATIENT_MS,
    });
    const inbox = new Inbox();
    await link.subscribe(['triterm:events'], {
      message: (_, text) => inbox.message(text),
      gap: () => inbox.gap(),
    });
    for (const server of cluster.servers) {
      if ((await server.cli([], ['pubsub', 'numsub', 'triterm:events'])).endsWith('1')) await server.kill();
    }
    await inbox.until(({ gaps }) => gaps === 2);
    const alive = cluster.servers.find(server => server.isRunning);
    await alive?.cli([], ['publish', 'triterm:events', 'again']);
    await inbox.until(({ messages }) => messages.includes('again'));
    await link.close();
  });

  const ids = Array.from({ length: 60 }, () => newSessionId());

  it('has keys on every node, all keys of a terminal in one slot, and finds them all', async () => {
    await using cluster = await RedisCluster.start();
    const { link } = await connectedLink({
      topology: 'cluster',
      // One by name is enough; they call each other by address.
      nodes: cluster.nodes.slice(0, 1).map(({ port }) => ({ host: 'localhost', port })),
      commandTimeoutMs: PATIENT_MS,
    });
    const cache = new RedisSessionCache(link);
    const outcomes = await cache.putAll(
      ids.map(id => exampleRow(id, 1)),
      EPOCHS,
    );
    await Promise.all(
      outcomes.map((outcome, index) =>
        outcome.kind === 'absent'
          ? cache.fill(exampleRow(ids[index] ?? '', 1), EPOCHS, outcome.fillToken)
          : undefined,
      ),
    );
    const sizes = await Promise.all(cluster.servers.map(server => server.cli([], ['dbsize'])));
    expect(sizes.every(size => Number(size) > 0)).toBe(true);
    expect((await link.scan('session:*', 1000)).toSorted()).toEqual(
      ids.map(id => `triterm:session:{${id}}`).toSorted(),
    );
    const { identity, master } = await link.identity();
    expect(identity.split(',')).toHaveLength(3);
    expect(master).toBe(true);
    expect(await link.info()).toMatchObject({ topology: 'cluster', usedMemoryBytes: expect.any(Number) });
    await link.close();
  });

  it('rejects while a lost node leaves slots unserved, and is back with another identity', async () => {
    await using cluster = await RedisCluster.start();
    const { link } = await connectedLink({ topology: 'cluster', nodes: cluster.nodes });
    const before = await link.identity();
    const [lost, ...left] = cluster.servers;
    await lost?.kill();
    await cluster.reached('fail', left);
    const beganMs = awakeMs();
    const outcomes = await Promise.allSettled(
      ids.map(id => link.command('get', client => client.get(link.keys.session(id)))),
    );
    expect(awakeMs() - beganMs).toBeLessThan(500);
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: {
          code: 'CACHE_UNAVAILABLE',
          details: { failure: expect.stringMatching(/moved|disconnected|timeout/) },
        },
      });
    await lost?.start();
    await cluster.reached('ok');
    await expect
      .poll(
        () =>
          link.identity().then(
            ({ identity }) => identity,
            () => undefined,
          ),
        { timeout: 20_000 },
      )
      .toMatch(/^0\/\w+,\w+,\w+$/);
    expect((await link.identity()).identity).not.toBe(before.identity);
    for (const id of ids)
      expect(await link.command('get', client => client.get(link.keys.session(id)), PATIENT_MS)).toBeNull();
    await link.close();
  });

  it('goes on with the slots that are served when the cluster does not need all', async () => {
    await using cluster = await RedisCluster.start(['cluster-require-full-coverage no']);
    const { link } = await connectedLink({ topology: 'cluster', nodes: cluster.nodes });
    await cluster.servers[0]?.kill();
    await eventually('the slots of two nodes are served', async () => {
      const outcomes = await Promise.allSettled(
        ids.map(id => link.command('get', client => client.get(link.keys.session(id)), PATIENT_MS)),
      );
      const reasons = outcomes.flatMap(outcome => (outcome.status === 'rejected' ? [outcome.reason] : []));
      if (reasons.length > 0 && reasons.length < 40) return true;
      throw new Error(`${reasons.length} of ${ids.length} are not`, { cause: reasons[0] });
    });
    await link.close();
  });

  it('rejects within the deadline while a node hangs, and gives that one up', async () => {
    await using cluster = await RedisCluster.start();
    const { link } = await connectedLink({ topology: 'cluster', nodes: cluster.nodes });
    await link.identity();
    cluster.servers[0]?.signal('SIGSTOP');
    const beganMs = awakeMs();
    const outcomes = await Promise.allSettled(
      ids.map(id => link.command('get', client => client.get(link.keys.session(id)))),
    );
    expect(awakeMs() - beganMs).toBeLessThan(500);
    expect(outcomes.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
    expect(outcomes).toContainEqual(
      expect.objectContaining({
        reason: expect.objectContaining({ details: expect.objectContaining({ failure: 'timeout' }) }),
      }),
    );
    cluster.servers[0]?.signal('SIGCONT');
    await cluster.reached('ok');
    await expect
      .poll(
        () =>
          link.identity().then(
            () => true,
            () => false,
          ),
        { timeout: 20_000 },
      )
      .toBe(true);
    await link.close();
  });
});
