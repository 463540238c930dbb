import type { Contestant } from '../contestant.ts';
import { pause } from '../host/clock.ts';
import { PAYLOADS, type Payload } from '../programs/payloads.ts';
import { differences, expectedScreen, screenAfter } from '../terminal/screen-state.ts';
import { floodDetached } from './flood.ts';
import { type Measure, type MeasureContext, takeTurns } from './measure.ts';

const PAINT_TIMEOUT_MS = 30_000;
/** A painted screen is complete when nothing has come for so long. */
const QUIET_MS = 300;

/** Output while nobody is attached, and whether the next client sees what it left. */
export const detached: Measure = {
  name: 'detached',
  async run(context) {
    const { scale } = context;
    for (const payload of PAYLOADS) {
      await takeTurns(context, {
        measure: 'detached',
        variant: payload,
        peers: context.peers.filter(({ can }) => can.detach),
        warmUp: contestant => floodAndLook(context, contestant, payload, scale.warmUpMegabytes, false),
        repeat: contestant => floodAndLook(context, contestant, payload, scale.megabytes, true),
      });
    }
  },
};

async function floodAndLook(
  { results }: MeasureContext,
  contestant: Contestant,
  payload: Payload,
  megabytes: number,
  counts: boolean,
): Promise<void> {
  const key = { measure: 'detached', variant: payload, peer: contestant.peer.name };
  const session = await contestant.session();
  try {
    const { marker, bytes, seconds } = await floodDetached(session, payload, megabytes);
    if (counts) results.add({ ...key, metric: 'MB/s' }, bytes / 1e6 / seconds);
    if (contestant.peer.can.paints !== 'itself') return;
    const terminal = session.attach({ record: true });
    const seenMs = await terminal.seen(marker, PAINT_TIMEOUT_MS);
    if (!counts) return;
    results.add({ ...key, metric: 'then attach, ms' }, seenMs - terminal.startedMs);
    await pause(QUIET_MS);
    const wrongRows = differences(
      await expectedScreen(payload, marker),
      await screenAfter(terminal.recorded),
    );
    results.add({ ...key, metric: 'wrong rows' }, wrongRows);
  } finally {
    await session.end();
  }
}
