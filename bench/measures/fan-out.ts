import type { Contestant } from '../contestant.ts';
import { nowMs, pause } from '../host/clock.ts';
import { blocksFor } from '../programs/payloads.ts';
import type { RemoteProgram } from '../programs/stage.ts';
import type { OuterTerminal } from '../terminal/outer-terminal.ts';
import { differences, expectedScreen, screenAfter } from '../terminal/screen-state.ts';
import { floodTimeoutMs, nextMarker } from './flood.ts';
import { type Measure, type MeasureContext, takeTurns } from './measure.ts';

const PAYLOAD = 'sgr';
/** Terminals that get nothing for so long have got all that they will ever get. */
const STALL_MS = 4000;
const QUIET_MS = 300;
const STOPPED_CLIENTS = 4;

/** One program's output to several terminals; then with one client that is stopped meanwhile. */
export const fanOut: Measure = {
  name: 'fan-out',
  async run(context) {
    const { scale } = context;
    const peers = context.peers.filter(({ can }) => can.detach);
    const trial = async (variant: string, repeat: (contestant: Contestant) => Promise<void>) =>
      takeTurns(context, { measure: 'fan-out', variant, peers, repeat });
    for (const clients of scale.fanOut)
      await trial(`${clients}`, async contestant => {
        await toAll(context, contestant, clients);
      });
    await trial(`${STOPPED_CLIENTS}, one stopped`, contestant => withOneStopped(context, contestant));
  },
};

async function toAll({ results, scale }: MeasureContext, contestant: Contestant, clients: number) {
  const session = await contestant.session();
  try {
    const terminals: OuterTerminal[] = [];
    for (let count = 0; count < clients; count += 1) terminals.push(await session.attachAndWait());
    const { seconds } = await floodTo(terminals, await session.program(), scale.megabytes);
    results.add(
      { measure: 'fan-out', peer: contestant.peer.name, variant: `${clients}`, metric: 's until the last' },
      seconds,
    );
  } finally {
    await session.end();
  }
}

async function withOneStopped({ results, scale }: MeasureContext, contestant: Contestant): Promise<void> {
  const key = { measure: 'fan-out', peer: contestant.peer.name, variant: `${STOPPED_CLIENTS}, one stopped` };
  const session = await contestant.session();
  try {
    const stopped = await session.attachAndWait({ record: true });
    const others: OuterTerminal[] = [];
    for (let count = 1; count < STOPPED_CLIENTS; count += 1) others.push(await session.attachAndWait());
    stopped.stop();
    const { seconds, marker } = await floodTo(others, await session.program(), scale.megabytes);
    results.add({ ...key, metric: 's until the last' }, seconds);
    if (contestant.peer.can.paints !== 'itself') return;
    const painted = stopped.seen(marker, floodTimeoutMs(scale.megabytes));
    stopped.resume();
    await seenOrStalled([stopped], [painted]);
    await pause(QUIET_MS);
    const [wanted, shown] = await Promise.all([
      expectedScreen(PAYLOAD, marker),
      screenAfter(stopped.recorded),
    ]);
    results.add({ ...key, metric: 'wrong rows' }, differences(wanted, shown));
  } finally {
    await session.end();
  }
}

/** Seconds from the program's first byte until the last of the terminals shows its end. */
async function floodTo(
  terminals: readonly OuterTerminal[],
  program: RemoteProgram,
  megabytes: number,
): Promise<{ seconds: number; marker: string }> {
  const marker = nextMarker();
  const timeoutMs = floodTimeoutMs(megabytes) * terminals.length;
  const order = { do: 'flood', payload: PAYLOAD, blocks: blocksFor(megabytes), marker } as const;
  const seen = terminals.map(terminal => terminal.seen(marker, timeoutMs));
  const reported = program.order(order, timeoutMs);
  // One that stalls is told of by the terminals.
  reported.catch(() => {});
  const lastMs = Math.max(...(await seenOrStalled(terminals, seen)));
  return { seconds: (lastMs - (await reported).startedMs) / 1000, marker };
}

/** Throws as soon as none of the terminals gets anything any more. */
async function seenOrStalled(
  terminals: readonly OuterTerminal[],
  seen: readonly Promise<number>[],
): Promise<number[]> {
  let missing = seen.length;
  let over = false;
  const all = Promise.all(
    seen.map(async each => {
      const atMs = await each;
      missing -= 1;
      return atMs;
    }),
  );
  const stalled = async (): Promise<never> => {
    const sinceMs = nowMs();
    for (;;) {
      await pause(100);
      const lastMs = Math.max(sinceMs, ...terminals.map(({ lastByteMs }) => lastByteMs));
      if (over || nowMs() - lastMs > STALL_MS)
        throw new Error(`the end never came to ${missing} of ${seen.length} terminals`);
    }
  };
  const watch = stalled();
  watch.catch(() => {});
  all.catch(() => {});
  try {
    return await Promise.race([all, watch]);
  } finally {
    over = true;
  }
}
