import { until } from '../../host/clock.ts';
import { type StoreContext, type StoreMeasure, SUBJECT } from '../measure.ts';
import type { World } from '../world.ts';

const TABLE_TIMEOUT_MS = 120_000;
export const CALLS = [
  'add',
  'remove',
  'add, until Redis has it',
  'remove, until Redis has it',
  'sockets of a terminal',
  'terminals of a user',
  "whether another server's is connected",
] as const;

export function registryKey(sockets: number, call: string) {
  return { measure: 'registry', variant: `${sockets} sockets:`, peer: SUBJECT, metric: `${call}, µs` };
}

/** Few sockets, many, and few again, so that what else the machine does is not taken for growth. */
export const registry: StoreMeasure = async context => {
  const { fewSockets, manySockets, rounds } = context.scale;
  let registered = 0;
  const grow = async (sockets: number) => {
    context.progress(`registry: from ${registered} to ${sockets} sockets`);
    await growSockets(context.world, registered, sockets);
    registered = sockets;
  };
  await grow(fewSockets);
  await cost(context, fewSockets, 0, false);
  const half = Math.ceil(rounds / 2);
  for (let round = 1; round <= half; round += 1) await cost(context, fewSockets, round, true);
  await grow(manySockets);
  await cost(context, manySockets, 0, false);
  for (let round = 1; round <= rounds; round += 1) await cost(context, manySockets, round, true);
  await grow(fewSockets);
  for (let round = half + 1; round <= rounds; round += 1) await cost(context, fewSockets, round, true);
};

async function cost(
  { world, scale, results, progress }: StoreContext,
  sockets: number,
  round: number,
  counts: boolean,
) {
  const [, other] = world.servers;
  progress(`registry: ${sockets} sockets ${round}/${scale.rounds}`);
  const { microseconds, steady } = await world.first.run('registryCosts', {
    registered: Math.floor(sockets / world.servers.length),
    calls: scale.registryCalls,
    seed: round,
    otherServer: other?.serverId ?? '',
  });
  if (!counts) return;
  if (!steady) {
    const variant = `${sockets} sockets`;
    results.note({
      measure: 'registry',
      peer: SUBJECT,
      variant,
      text: 'Redis was not up: a round does not count',
    });
    return;
  }
  for (const [call, each] of Object.entries(microseconds)) results.add(registryKey(sockets, call), each);
}

/** Resolves when all servers together have as many sockets, and the database knows. */
export async function growSockets(world: World, from: number, to: number): Promise<void> {
  const each = (sockets: number) => Math.floor(sockets / world.servers.length);
  const range = { from: each(Math.min(from, to)), to: each(Math.max(from, to)) };
  const task = to > from ? 'addSockets' : 'removeSockets';
  await Promise.all(world.servers.map(server => server.run(task, range)));
  // The table is told behind everybody's back.
  await until(TABLE_TIMEOUT_MS, `the database has ${to} sockets`, async () => {
    const [counted] = await world.postgres.query('SELECT count(*)::int AS rows FROM socket', world.storeUrl);
    return counted?.rows === each(to) * world.servers.length;
  });
}
