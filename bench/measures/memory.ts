import type { Session } from '../contestant.ts';
import { pause } from '../host/clock.ts';
import { createSessions } from './list.ts';
import { type Measure, takeTurns } from './measure.ts';

const LINES = 10_000;
const LINE_COLS = 100;
/** Programs have come to rest, collectors have run. */
const SETTLE_MS = 2000;
const WRITE_TIMEOUT_MS = 60_000;

/** Memory of a peer's own processes: at rest, for each idle session, for each that has printed 10,000 lines. */
export const memory: Measure = {
  name: 'memory',
  async run(context) {
    const { scale, results } = context;
    await takeTurns(context, {
      measure: 'memory',
      variant: 'own processes',
      peers: context.peers.filter(({ can }) => can.detach),
      // It takes long, and little disturbs it.
      repetitions: Math.min(2, scale.repetitions),
      async repeat(contestant) {
        const key = { measure: 'memory', peer: contestant.peer.name, variant: '' };
        const settledBytes = async () => {
          await pause(SETTLE_MS + (contestant.peer.restsAfterMs ?? 0));
          return contestant.memoryBytes();
        };
        await contestant.session();
        const base = await settledBytes();
        results.add({ ...key, metric: 'base MB' }, base / 1e6);
        await createSessions(contestant, scale.idleSessions);
        const idle = ((await settledBytes()) - base) / scale.idleSessions;
        results.add({ ...key, metric: 'idle session KB' }, idle / 1e3);

        await contestant.reopen();
        const sessions: Session[] = [];
        for (let made = 0; made < scale.filledSessions; made += 1) sessions.push(await contestant.session());
        const fill = async (session: Session) => {
          const order = { do: 'lines', lines: LINES, cols: LINE_COLS, marker: '@@FILLED@@' } as const;
          await (await session.program()).order(order, WRITE_TIMEOUT_MS);
        };
        // The first one also pays for what all of them share.
        await fill(await contestant.session());
        const empty = await settledBytes();
        for (const session of sessions) await fill(session);
        const filled = ((await settledBytes()) - empty) / scale.filledSessions;
        results.add({ ...key, metric: '10,000 lines KB' }, filled / 1e3);
        await contestant.reopen();
      },
    });
  },
};
