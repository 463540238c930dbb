import headless from '@xterm/headless';
import { nowMs } from '../host/clock.ts';
import { type Payload, payloadBlock } from '../programs/payloads.ts';
import { COLS, ROWS } from '../terminal/outer-terminal.ts';
import { floodAttached } from './flood.ts';
import { type Measure, takeTurns } from './measure.ts';

/** The name under which the parser alone stands among the peers. */
export const PARSER = 'parser';
const SUSTAINED: readonly Payload[] = ['ascii', 'sgr'];
const PARSED_BLOCKS = 20;
/** As much as the daemon hands to it at once. */
const CHUNK_BYTES = 64 * 1024;

/** More output than any log absorbs, so that whoever keeps the screen has to parse as fast as it comes. */
export const sustained: Measure = {
  name: 'sustained',
  async run(context) {
    const { scale, results } = context;
    for (const payload of SUSTAINED) {
      const key = { measure: 'sustained', variant: payload, metric: 'MB/s' };
      await takeTurns(context, {
        measure: 'sustained',
        variant: payload,
        peers: context.peers.filter(({ name }) => name === 'triterm' || name === 'bare' || name === 'tmux'),
        beside: async () => results.add({ ...key, peer: PARSER }, await parserMegabytesPerSecond(payload)),
        async warmUp(contestant) {
          await floodAttached(contestant, payload, scale.warmUpMegabytes);
        },
        async repeat(contestant) {
          const flood = await floodAttached(contestant, payload, scale.sustainedMegabytes);
          results.add({ ...key, peer: contestant.peer.name }, flood.bytes / 1e6 / flood.seconds);
        },
      });
    }
  },
};

/** @xterm/headless fed from memory, with nothing else to do. */
async function parserMegabytesPerSecond(payload: Payload): Promise<number> {
  const block = Buffer.from(payloadBlock(payload).toString('utf8').replaceAll('\n', '\r\n'));
  const terminal = new headless.Terminal({ cols: COLS, rows: ROWS, scrollback: 1000, logLevel: 'off' });
  const parse = async (blocks: number) => {
    for (let count = 0; count < blocks; count += 1)
      for (let at = 0; at < block.length; at += CHUNK_BYTES) {
        const chunk = block.subarray(at, at + CHUNK_BYTES);
        await new Promise<void>(resolve => terminal.write(chunk, resolve));
      }
  };
  await parse(2);
  const startedMs = nowMs();
  await parse(PARSED_BLOCKS);
  const seconds = (nowMs() - startedMs) / 1000;
  terminal.dispose();
  return (PARSED_BLOCKS * block.length) / 1e6 / seconds;
}
