import type { Contestant, Session } from '../contestant.ts';
import { pause } from '../host/clock.ts';
import { median } from '../results.ts';
import { type Measure, takeTurns } from './measure.ts';
import { NODE, nodeInTerminalMs } from './node-start.ts';

const LINES = 10_000;
const LINE_COLS = 100;
const WRITE_TIMEOUT_MS = 30_000;
const PAINT_TIMEOUT_MS = 10_000;
/** For a peer that tidies up once a program is quiet. */
const SETTLE_MS = 1500;
const MARKER = '@@PAINTED@@';

/** From the start of a client until the last row of the screen is there, with 10,000 lines behind it. */
export const attach: Measure = {
  name: 'attach',
  async run(context) {
    const { scale, results } = context;
    const sessions = new Map<Contestant, Session>();
    const key = { measure: 'attach', variant: `${LINES} lines`, metric: 'ms' };
    await takeTurns(context, {
      measure: key.measure,
      variant: key.variant,
      peers: context.peers.filter(({ can }) => can.paints !== 'no'),
      beside: async () =>
        results.add({ ...key, peer: NODE }, await medianOf(scale.commands, nodeInTerminalMs)),
      async warmUp(contestant) {
        const session = await contestant.session();
        sessions.set(contestant, session);
        const order = { do: 'lines', lines: LINES, cols: LINE_COLS, marker: MARKER } as const;
        await (await session.program()).order(order, WRITE_TIMEOUT_MS);
        await pause(SETTLE_MS);
        await paintMs(session);
      },
      async repeat(contestant) {
        const session = sessions.get(contestant);
        if (session === undefined) throw new Error('the session has not been filled');
        const ms = await medianOf(scale.commands, () => paintMs(session));
        results.add({ ...key, peer: contestant.peer.name }, ms);
      },
    });
  },
};

async function paintMs(session: Session): Promise<number> {
  const terminal = session.attach();
  try {
    return (await terminal.seen(MARKER, PAINT_TIMEOUT_MS)) - terminal.startedMs;
  } finally {
    await session.leave(terminal);
  }
}

/** The median of so many, one after the other. */
export async function medianOf(count: number, measured: () => Promise<number>): Promise<number> {
  const values: number[] = [];
  for (let done = 0; done < count; done += 1) values.push(await measured());
  return median(values) ?? Number.NaN;
}
