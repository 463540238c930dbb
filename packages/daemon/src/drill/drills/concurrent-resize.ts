import { sameSize, type WindowSize } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { ProtocolAttachment, ProtocolClient } from '@triterm/core/sandbox/protocol-client';
import { enter } from '@triterm/core/sandbox/session-requests';
import { defineDrill } from '../drill.ts';
import type { Place } from '../place.ts';
import { SandboxPlace } from '../sandbox/sandbox-place.ts';
import type { Stage } from '../stage.ts';
import { shows, startProgram } from './support/programs.ts';
import { tiersOf, untilUsed } from './support/redis-state.ts';

const CLIENTS = 12;
const ROUNDS = 4;
/** Of each client one to resize and one to label, in each round. */
const REQUESTS = CLIENTS * ROUNDS * 2;
/** The last client's, sent one after another without waiting for any answer. */
const BURST = 20;
const LAST: WindowSize = { cols: 133, rows: 41 };
const SETTLED_MS = 5000;
const MEASURING = 'stty -echo; echo READY; while read -r line; do echo "it is $(stty size)"; done';

/** Many want the same session at their own size, at the same moment. */
export const CONCURRENT_RESIZE = defineDrill({
  name: 'concurrent-resize',
  summary: `${CLIENTS} clients resize and label one session at the same moment, again and again`,
  hypothesis:
    'The size that was wanted last is the one of the terminal, of the database, of the cache and of every client; sizes are numbered without a gap, and no label is lost.',
  needs: ['redis'],
  async run(stage, sandbox) {
    const place = await stage.step('start a server with Redis', () => SandboxPlace.open(sandbox));
    await untilUsed(stage, await place.client());
    await drill(stage, place);
  },
  runLive: drill,
});

async function drill(stage: Stage, place: Place): Promise<void> {
  const client = await place.client();
  const name = place.sessionName('resize');
  const { id } = await stage.step('make a session', async () => {
    const session = await startProgram(client, name, MEASURING);
    await shows(client, name, 'READY');
    return session;
  });
  const crowd = await stage.step(`attach ${CLIENTS} clients`, () => attachCrowd(place, id));
  const begun = await settledGeneration(stage, client, id, crowd);

  const { refused, first } = await stage.step(
    `each changes its window, resizes the session and labels it ${ROUNDS} times, all at once`,
    () => storm(crowd, id),
  );
  stage.claim(
    `all ${REQUESTS} requests are acknowledged`,
    refused === 0,
    refused === 0 ? `${REQUESTS} of ${REQUESTS}` : `${refused} were refused: ${first}`,
  );
  await stage.step(`one sends ${BURST} sizes without a pause, ${textOf(LAST)} as the last`, () =>
    burst(client, id),
  );
  await agree(stage, client, id, crowd);
  await numbered(stage, client, id, { crowd, begun });
}

interface Member {
  readonly client: ProtocolClient;
  readonly attachment: ProtocolAttachment;
  readonly label: string;
}

async function attachCrowd(place: Place, target: string): Promise<Member[]> {
  return await Promise.all(
    Array.from({ length: CLIENTS }, async (_, at) => {
      const client = await place.client();
      const attachment = await client.attach(target, {
        window: { cols: 60 + at, rows: 20 },
        deviceName: `drill ${at + 1}`,
      });
      return { client, attachment, label: `client-${at + 1}` };
    }),
  );
}

/** Every client has heard of every size so far. Resolves with the number of the last one. */
async function settledGeneration(
  stage: Stage,
  client: ProtocolClient,
  id: string,
  crowd: readonly Member[],
): Promise<number> {
  let last = -1;
  await stage.until('the clients that came have settled on a size', async () => {
    const { session } = await client.request('session.show', { target: id });
    const numbers = new Set(crowd.map(({ attachment }) => attachment.sizeGeneration));
    const before = last;
    last = Math.max(...numbers);
    const size = crowd.find(({ attachment }) => attachment.sizeGeneration === last)?.attachment.sizes.at(-1);
    return numbers.size === 1 && before === last && (size === undefined || sameSize(size, session));
  });
  return last;
}

/** Every client sends its requests one round after another. Resolves with the first refusal, in words, and how many there were. */
async function storm(crowd: readonly Member[], target: string): Promise<{ refused: number; first: string }> {
  const outcomes = await Promise.all(
    crowd.map(async ({ client, attachment, label }, at) => {
      const ofClient: PromiseSettledResult<unknown>[] = [];
      for (let round = 1; round <= ROUNDS; round += 1) {
        const size = { cols: 70 + at, rows: 20 + round };
        attachment.resize(size);
        ofClient.push(
          ...(await Promise.allSettled([
            client.request('session.resize', { target, size }),
            client.request('session.label', { target, set: { [`${label}-${round}`]: 'set' } }),
          ])),
        );
      }
      return ofClient;
    }),
  );
  const refusals = outcomes.flat().filter(outcome => outcome.status === 'rejected');
  return { refused: refusals.length, first: TermError.from(refusals[0]?.reason).message };
}

async function burst(client: ProtocolClient, target: string): Promise<void> {
  await Promise.all(
    Array.from({ length: BURST }, (_, at) => {
      const size = { cols: LAST.cols - (BURST - 1 - at), rows: LAST.rows };
      return client.request('session.resize', { target, size });
    }),
  );
}

/** Terminal, server, database, cache and clients. */
async function agree(
  stage: Stage,
  client: ProtocolClient,
  id: string,
  crowd: readonly Member[],
): Promise<void> {
  const { session } = await client.request('session.show', { target: id });
  stage.claim('the server has the size that was wanted last', sameSize(session, LAST), textOf(session));
  await stage.step('the program asks its terminal', async () => {
    await client.request('session.send', enter(id));
    await shows(client, id, 'it is \\d+ \\d+');
  });
  const { screen } = await client.request('session.capture', { target: id, format: 'text' });
  const answer = screen.find(line => line.startsWith('it is ')) ?? 'nothing';
  stage.claim('the terminal has that size', answer === `it is ${LAST.rows} ${LAST.cols}`, answer);
  await stage.until(
    `all ${CLIENTS} clients were told of that size last`,
    () => crowd.every(({ attachment }) => sameSize(attachment.sizes.at(-1) ?? { cols: 0, rows: 0 }, LAST)),
    {
      withinMs: SETTLED_MS,
      found: () => [...new Set(crowd.map(({ attachment }) => textOf(attachment.sizes.at(-1))))].join(', '),
    },
  );
  let found = '';
  await stage.until(
    'the database has that size, and every cache agrees',
    async () => {
      const { agree: isAgreed, database } = await tiersOf(client, id);
      const doc = database.value?.doc;
      found = JSON.stringify(doc);
      return isAgreed !== false && isSized(doc) && sameSize(doc, LAST);
    },
    { withinMs: SETTLED_MS, found: () => found },
  );
}

/** What was told on the way there. */
async function numbered(
  stage: Stage,
  client: ProtocolClient,
  id: string,
  { crowd, begun }: { readonly crowd: readonly Member[]; readonly begun: number },
): Promise<void> {
  const told = crowd.map(({ attachment }) =>
    attachment.sizes.filter(({ sizeGeneration }) => sizeGeneration > begun),
  );
  const [first = []] = told;
  const gap = first.findIndex(({ sizeGeneration }, at) => sizeGeneration !== begun + 1 + at);
  stage.claim(
    'sizes are numbered without a gap',
    gap === -1 && first.length > 0,
    gap === -1
      ? `${first.length} sizes`
      : `number ${first[gap]?.sizeGeneration} in place of ${begun + 1 + gap}`,
  );
  const lists = new Set(told.map(sizes => JSON.stringify(sizes)));
  stage.claim(
    'every client was told the same sizes in the same order',
    lists.size === 1,
    `${lists.size} lists`,
  );
  const { session } = await client.request('session.show', { target: id });
  const labels = Object.keys(session.labels).length;
  stage.claim('no label is lost', labels === CLIENTS * ROUNDS, `${labels} of ${CLIENTS * ROUNDS}`);
  stage.measure('sizes that were wanted', CLIENTS * ROUNDS * 2 + BURST);
  stage.measure('sizes that the terminal was given', first.length);
}

function isSized(doc: unknown): doc is WindowSize {
  return typeof doc === 'object' && doc !== null && 'cols' in doc && 'rows' in doc;
}

function textOf(size: WindowSize | undefined): string {
  return size === undefined ? 'none' : `${size.cols}x${size.rows}`;
}
