import { PAYLOADS, payloadBlock } from '../programs/payloads.ts';
import { lineBreaks } from '../terminal/screen-state.ts';
import { floodAttached } from './flood.ts';
import { type Measure, takeTurns } from './measure.ts';

/** Output of a program to one attached terminal. */
export const throughput: Measure = {
  name: 'throughput',
  async run(context) {
    const { scale, results } = context;
    for (const payload of PAYLOADS) {
      const block = payloadBlock(payload);
      // The tty puts a CR before each LF.
      const growth = 1 + lineBreaks(block) / block.length;
      await takeTurns(context, {
        measure: 'throughput',
        variant: payload,
        peers: context.peers,
        async warmUp(contestant) {
          await floodAttached(contestant, payload, scale.warmUpMegabytes);
        },
        async repeat(contestant) {
          const flood = await floodAttached(contestant, payload, scale.megabytes);
          const key = { measure: 'throughput', variant: payload, peer: contestant.peer.name };
          results.add({ ...key, metric: 'MB/s' }, flood.bytes / 1e6 / flood.seconds);
          const gigabytes = flood.bytes / 1e9;
          results.add({ ...key, metric: 'CPU s/GB until shown' }, flood.cpuSecondsUntilShown / gigabytes);
          results.add({ ...key, metric: 'CPU s/GB' }, flood.cpuSeconds / gigabytes);
          results.add({ ...key, metric: 'shown %' }, (flood.receivedBytes / (flood.bytes * growth)) * 100);
        },
      });
    }
  },
};
