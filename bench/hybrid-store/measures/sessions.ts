import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../host/command.ts';
import { medianOf } from '../../measures/attach.ts';
import { NODE, nodeCommandMs } from '../../measures/node-start.ts';
import { triterm } from '../../peers/triterm.ts';
import { figuresOf } from '../figures.ts';
import { type StoreContext, type StoreMeasure, SUBJECT } from '../measure.ts';
import { USER } from '../sessions.ts';

/** The user whose sessions a daemon has. */
const DAEMON_USER = 'local';
export const SESSIONS = { measure: 'sessions', metric: 'ms' };
export const DATABASES = ['PostgreSQL', 'SQLite'] as const;
export const LS = 'triterm ls --json';

/** All sessions of a user: from the store, and by the command. */
export const sessions: StoreMeasure = async context => {
  const { world, scale, results, progress } = context;
  const file = join(world.place.dir, 'lists', 'triterm.db');
  progress(`sessions: ${scale.sessions} are put into SQLite`);
  await world.first.run('makeFile', { file, sessions: scale.sessions, userId: USER });
  for (let round = 0; round <= scale.rounds; round += 1)
    for (const [variant, where] of [
      [DATABASES[0], {}],
      [DATABASES[1], { file }],
    ] as const) {
      progress(`sessions: ${variant} ${round}/${scale.rounds}`);
      const { ms, sessions: found } = await world.first.run('lists', { times: scale.lists, ...where });
      if (found !== scale.sessions)
        throw new Error(`${variant} lists ${found} of ${scale.sessions} sessions`);
      // The first round warms up.
      if (round > 0)
        results.add({ ...SESSIONS, variant: `list of ${variant}`, peer: SUBJECT }, figuresOf(ms).p50);
    }
  await command(context);
};

async function command({ world, scale, results, progress }: StoreContext): Promise<void> {
  const found = await triterm.find();
  if (found.version === undefined) {
    results.note({ measure: 'sessions', peer: SUBJECT, variant: LS, text: found.missing });
    return;
  }
  const file = join(world.place.dir, 'triterm', 'triterm.db');
  await world.first.run('makeFile', { file, sessions: scale.sessions, userId: DAEMON_USER });
  const server = await triterm.open(world.place);
  try {
    const list = server.listCommand();
    if (list === undefined || !existsSync(file)) throw new Error('there is nothing to list');
    const json = { ...list, argv: [...list.argv, '--json'] };
    const shown = JSON.parse((await run(json)).stdout).length;
    if (shown !== scale.sessions) throw new Error(`${LS} shows ${shown} of ${scale.sessions} sessions`);
    for (let round = 1; round <= scale.rounds; round += 1) {
      progress(`sessions: ${LS} ${round}/${scale.rounds}`);
      const key = { ...SESSIONS, variant: LS };
      results.add({ ...key, peer: NODE }, await medianOf(scale.commands, nodeCommandMs));
      results.add(
        { ...key, peer: SUBJECT },
        await medianOf(scale.commands, async () => (await run(json)).ms),
      );
    }
  } finally {
    await server.close();
  }
}
