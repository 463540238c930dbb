import type { Contestant } from '../contestant.ts';
import { run } from '../host/command.ts';
import { IDLE_PROGRAM } from '../programs/stage.ts';
import { medianOf } from './attach.ts';
import { type Measure, takeTurns } from './measure.ts';
import { NODE, nodeCommandMs } from './node-start.ts';

/** The command that lists sessions. */
export const list: Measure = {
  name: 'list',
  async run(context) {
    const { scale, results } = context;
    const key = { measure: 'list', variant: `${scale.listedSessions} sessions`, metric: 'ms' };
    await takeTurns(context, {
      measure: key.measure,
      variant: key.variant,
      peers: context.peers.filter(({ can }) => can.list),
      beside: async () => results.add({ ...key, peer: NODE }, await medianOf(scale.commands, nodeCommandMs)),
      async warmUp(contestant) {
        await createSessions(contestant, scale.listedSessions);
        await listMs(contestant);
      },
      async repeat(contestant) {
        const ms = await medianOf(scale.commands, () => listMs(contestant));
        results.add({ ...key, peer: contestant.peer.name }, ms);
      },
    });
  },
};

/** Sessions that only are there, made in the quickest way that the peer has. */
export async function createSessions({ server }: Contestant, count: number): Promise<void> {
  const many = server.createManyCommand?.(count, IDLE_PROGRAM, 'idle');
  if (many !== undefined) {
    await run(many);
    return;
  }
  for (let made = 1; made <= count; made += 1) await run(server.createCommand(`idle-${made}`, IDLE_PROGRAM));
}

async function listMs({ server }: Contestant): Promise<number> {
  const command = server.listCommand();
  if (command === undefined) throw new Error('it cannot list');
  return (await run(command)).ms;
}
