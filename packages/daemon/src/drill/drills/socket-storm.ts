import type { ProtocolClient } from '@triterm/core/sandbox/protocol-client';
import { defineDrill } from '../drill.ts';
import type { Place } from '../place.ts';
import { SandboxPlace } from '../sandbox/sandbox-place.ts';
import type { Stage } from '../stage.ts';
import { shows, startProgram } from './support/programs.ts';
import { untilUsed } from './support/redis-state.ts';

const CLIENTS = 200;
/** On the running system, where others may need the room. */
const LIVE_CLIENTS = 60;
const DEVICES = 10;
/** In turns. */
const FATES = ['stays', 'detaches', 'is cut'] as const;
const EXACT_MS = 4000;

/** The ids of the sockets that Redis itself has of a session; undefined where nobody can look. */
type LookIntoRedis = ((id: string) => Promise<string[]>) | undefined;

/** Everybody comes and goes at the same moment. */
export const SOCKET_STORM = defineDrill({
  name: 'socket-storm',
  summary:
    'A crowd of clients attaches to one session at once; a third of them detaches, a third is cut without a word',
  hypothesis:
    'The registry holds exactly the connections that stand, none of a dead one; devices and counts agree, and one client is primary at most.',
  needs: ['redis'],
  async run(stage, sandbox) {
    const place = await stage.step('start a server with Redis', () => SandboxPlace.open(sandbox));
    await untilUsed(stage, await place.client());
    await drill(stage, place, CLIENTS, async id => {
      const text = await place.redis.cli('zrange', `triterm:sockets:${id}`, '0', '-1');
      return text.split('\n').flatMap(member => member.trim().split(' ').at(2) ?? []);
    });
  },
  runLive: (stage, system) => drill(stage, system, LIVE_CLIENTS, undefined),
});

async function drill(stage: Stage, place: Place, count: number, inRedis: LookIntoRedis): Promise<void> {
  const client = await place.client();
  const name = place.sessionName('storm');
  const { id } = await stage.step('make a session', async () => {
    const session = await startProgram(client, name, 'echo READY; exec cat');
    await shows(client, name, 'READY');
    return session;
  });
  const crowd = await stage.step(`${count} clients attach, and a third each detaches or is cut`, () =>
    storm(place, id, count),
  );
  const standing = crowd.filter(({ fate }) => fate === 'stays');
  const tookMs = await isExact(stage, client, id, standing, inRedis);
  stage.measure('from the storm until the registry is exact', tookMs, 'ms');

  await stage.step('all others but one are cut, too', () => {
    for (const { connection } of standing.slice(1)) connection.cut();
  });
  await isExact(stage, client, id, standing.slice(0, 1), inRedis);
  await stage.step('the last one detaches', () => standing[0] && detach(standing[0].connection));
  await isExact(stage, client, id, [], inRedis);
}

interface Guest {
  readonly connection: ProtocolClient;
  /** One client of the crowd has it. */
  readonly deviceName: string;
  readonly deviceId: string;
  readonly fate: (typeof FATES)[number];
}

async function storm(place: Place, target: string, count: number): Promise<Guest[]> {
  return await Promise.all(
    Array.from({ length: count }, async (_, at): Promise<Guest> => {
      const fate = FATES[at % FATES.length] ?? 'stays';
      const deviceName = `drill ${at + 1}`;
      const deviceId = `drill-device-${at % DEVICES}`;
      const connection = await place.client();
      const attaching = connection.attach(target, { deviceName, deviceId });
      if (fate === 'is cut' && at % 2 === 0) {
        // Before it has heard that it is attached.
        attaching.catch(() => {});
        connection.cut();
        return { connection, deviceName, deviceId, fate };
      }
      await attaching;
      if (fate === 'is cut') connection.cut();
      if (fate === 'detaches') await detach(connection);
      return { connection, deviceName, deviceId, fate };
    }),
  );
}

/** From its only session. */
async function detach(connection: ProtocolClient): Promise<void> {
  await connection.request('attachment.detach', {}, 10_000, 1);
}

/** Server, registry and Redis have those that stand, and nobody else. Resolves with how long it took, in ms. */
async function isExact(
  stage: Stage,
  client: ProtocolClient,
  target: string,
  standing: readonly Guest[],
  inRedis: LookIntoRedis,
): Promise<number> {
  const wanted = textOf(standing.map(({ deviceName }) => deviceName));
  let found = '';
  const tookMs = await stage.until(
    `the registry has ${standing.length} sockets: those of the connections that stand, and no other`,
    async () => {
      const { sockets } = await client.request('sockets.list', { target, limit: CLIENTS + 1 });
      const { clients } = await client.request('session.show', { target });
      const ids = textOf(clients.map(({ id }) => id));
      const members = await inRedis?.(target);
      found = `${sockets.length} sockets, ${clients.length} clients, ${members?.length ?? 'unknown'} in Redis`;
      return (
        textOf(sockets.map(({ deviceName }) => deviceName)) === wanted &&
        textOf(clients.map(({ deviceName }) => deviceName)) === wanted &&
        textOf(sockets.map(({ id }) => id)) === ids &&
        (members === undefined || textOf(members) === ids)
      );
    },
    { withinMs: EXACT_MS, found: () => found },
  );
  const { clients, devices, session } = await client.request('session.show', { target });
  stage.claim('the session counts as many clients', session.clients === standing.length, session.clients);
  const wantedDevices = textOf([...new Set(standing.map(({ deviceId }) => deviceId))]);
  stage.claim(
    'each device stands there once, with all of its clients',
    textOf(devices.map(({ id }) => id)) === wantedDevices &&
      textOf(devices.flatMap(device => device.clients)) === textOf(clients.map(({ id }) => id)),
    `${devices.length} devices, ${devices.flatMap(device => device.clients).length} clients`,
  );
  await onePrimary(stage, client, target);
  return tookMs;
}

/** Who it is may still be changing. */
async function onePrimary(stage: Stage, client: ProtocolClient, target: string): Promise<void> {
  let found = '';
  await stage.until(
    'one client at most is primary, and the registry has the same one',
    async () => {
      const { clients } = await client.request('session.show', { target });
      const { sockets } = await client.request('sockets.list', { target, limit: CLIENTS + 1 });
      const served = clients.filter(({ primary }) => primary).map(({ id }) => id);
      const registered = sockets.filter(({ primary }) => primary).map(({ id }) => id);
      found = `${served.length} for the server, ${registered.length} in the registry`;
      return served.length <= 1 && textOf(served) === textOf(registered);
    },
    { withinMs: EXACT_MS, found: () => found },
  );
}

/** A set, to be compared. */
function textOf(words: readonly string[]): string {
  return words.toSorted().join(' ');
}
