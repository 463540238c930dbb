import { run } from '../host/command.ts';
import { IDLE_PROGRAM } from '../programs/stage.ts';
import { medianOf } from './attach.ts';
import { type Measure, takeTurns } from './measure.ts';
import { NODE, nodeCommandMs } from './node-start.ts';

/** The command that starts a session, with its server already running; and many sessions by one command. */
export const create: Measure = {
  name: 'create',
  async run(context) {
    const { scale, results } = context;
    const key = { measure: 'create', metric: 'ms' };
    let serial = 0;
    await takeTurns(context, {
      measure: 'create',
      variant: 'one',
      peers: context.peers.filter(({ can }) => can.detach),
      beside: async () =>
        results.add({ ...key, variant: 'one', peer: NODE }, await medianOf(scale.commands, nodeCommandMs)),
      async warmUp({ server }) {
        await run(server.createCommand('warm', IDLE_PROGRAM));
      },
      async repeat({ peer, server }) {
        const ms = await medianOf(scale.commands, async () => {
          serial += 1;
          return (await run(server.createCommand(`made-${serial}`, IDLE_PROGRAM))).ms;
        });
        results.add({ ...key, variant: 'one', peer: peer.name }, ms);
        const many = server.createManyCommand?.(scale.manySessions, IDLE_PROGRAM, `many-${serial}`);
        if (many === undefined) return;
        const each = (await run(many)).ms / scale.manySessions;
        results.add({ ...key, variant: `${scale.manySessions} at once, each`, peer: peer.name }, each);
      },
    });
  },
};
