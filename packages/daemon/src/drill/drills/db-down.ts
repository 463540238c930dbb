import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { TermError } from '@triterm/core/errors';
import type { ProtocolClient } from '@triterm/core/sandbox/protocol-client';
import { runs } from '@triterm/core/sandbox/session-requests';
import { defineDrill } from '../drill.ts';
import type { Stage } from '../stage.ts';
import { ENDS_BY_ENTER, Requests } from './support/requests.ts';
import { Typist } from './support/typist.ts';

/** A call of the database has 2.5 s, and a request makes two at most. */
const REFUSED_MS = 5500;
/** From the return of the database to everything working again. */
const BACK_MS = 3000;
/** What waits to be stored is tried again at growing intervals, which depend on how long the database was away. */
const STORED_MS = 8000;

/** PostgreSQL hangs, dies and comes back: terminals go on, what cannot be stored is refused, and what happened meanwhile is stored. */
export const DB_DOWN = defineDrill({
  name: 'db-down',
  summary: 'PostgreSQL hangs, is killed, and is started again',
  hypothesis:
    'Terminals go on; what needs the database is refused at once and leaves nothing half-made; all works again without a restart.',
  needs: ['postgres'],
  async run(stage, sandbox) {
    const postgres = await stage.step('start PostgreSQL', () => sandbox.postgres());
    const database = await postgres.createDatabase();
    const daemon = await stage.step('start a server', () => sandbox.daemon('drill-1', { database }));
    const [client, pid] = [await daemon.client(), daemon.pid];
    const before = new Requests(stage, client);
    const { id: typed } = await before.make('typed', ['cat']);
    const { id: resized } = await before.make('resized', ['cat']);
    const { id: ended } = await before.make('ended', ENDS_BY_ENTER);
    const typist = await Typist.attach(stage, await daemon.client(), typed);
    await typist.type('before');

    const requests = new Requests(stage, client);
    await stage.step('PostgreSQL hangs; type, look and end a program', async () => {
      await postgres.signal('SIGSTOP');
      await typist.type('while it hangs');
      await requests.send('session.list', {});
      await requests.send('session.show', { target: typed });
      await requests.send('session.capture', { target: typed, format: 'text' });
      await requests.endByEnter(ended);
    });
    await stage.step('PostgreSQL is killed', () => postgres.signal('SIGKILL'));
    await stage.until(
      'the server says that the database is away',
      async () => (await client.request('db.status', {})).state === 'unavailable',
    );
    await stage.step('change a size, and type', async () => {
      await requests.send('session.resize', { target: resized, size: { cols: 100, rows: 30 } });
      await typist.type('while it is away');
    });
    requests.tell('without the database');

    const trace = join(sandbox.dir, 'trace');
    const environment = { PATH: process.env.PATH ?? '', TRACE: trace };
    const create = (name: string) =>
      client.request('session.create', {
        ...runs(name, ['sh', '-c', 'touch "$TRACE"; exec cat']),
        environment,
      });
    await stage.step('ask for what needs the database', async () => {
      await claimRefused(stage, 'a new session is refused', () => create('refused'));
      const rename = { target: typed, name: 'renamed' };
      await claimRefused(stage, 'a new name is refused', () => client.request('session.rename', rename));
    });
    await claimNothingMade(stage, client, trace);

    await stage.step('PostgreSQL is started again', () => postgres.start());
    const backMs = await stage.until(
      'a new session can be made',
      async () => (await create('made')).session.state === 'running',
      { withinMs: BACK_MS },
    );
    stage.measure('from the return of the database to a new session', backMs, 'ms');
    await stage.step('rename a session', () =>
      new Requests(stage, client).send('session.rename', { target: typed, name: 'renamed' }),
    );
    const rows = async (condition: string) =>
      (await postgres.query(`SELECT id FROM session WHERE ${condition}`, database)).map(({ id }) => id);
    const storedMs = await stage.until(
      'the database has the end and the size that it missed',
      async () =>
        (await rows("state = 'exited' AND doc::json->>'exitCode' = '7'")).includes(ended) &&
        (await rows("doc::json->>'cols' = '100'")).includes(resized),
      { withinMs: STORED_MS },
    );
    stage.measure('from then on until what it missed is stored', storedMs, 'ms');
    const refused = await rows("name = 'refused'");
    stage.claim(
      'it has no row of the session that was refused',
      refused.length === 0,
      `${refused.length} rows`,
    );
    await typist.type('after');
    typist.tell();
    stage.claim('the server is the same process', daemon.pid === pid && !client.parting.aborted);
  },
});

/** With the reason and the next step, and in time. */
async function claimRefused(stage: Stage, what: string, work: () => Promise<unknown>): Promise<void> {
  const startedMs = performance.now();
  let refusal: TermError | undefined;
  await work().catch((thrown: unknown) => {
    refusal = TermError.from(thrown);
  });
  const tookMs = performance.now() - startedMs;
  stage.claim(
    `${what} with STORE_UNAVAILABLE, and the next step`,
    refusal?.code === 'STORE_UNAVAILABLE' && refusal.hint !== '',
    refusal === undefined ? 'it was done' : `${refusal.code}: ${refusal.message}`,
  );
  stage.claim(`${what} within ${REFUSED_MS} ms`, tookMs <= REFUSED_MS, `${Math.round(tookMs)} ms`);
  stage.measure(`until ${what}`, tookMs, 'ms');
}

/** Neither in the list, nor as a program. */
async function claimNothingMade(stage: Stage, client: ProtocolClient, trace: string): Promise<void> {
  const { sessions } = await client.request('session.list', {});
  const names = sessions.map(({ name }) => name).toSorted();
  stage.claim('the list is as before', names.join() === 'ended,resized,typed', names.join(', '));
  stage.claim('no program was started for the session that was refused', !existsSync(trace));
}
