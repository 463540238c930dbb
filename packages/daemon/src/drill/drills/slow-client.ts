import type { ProtocolClient } from '@triterm/core/sandbox/protocol-client';
import { defineDrill } from '../drill.ts';
import type { Place } from '../place.ts';
import { SandboxPlace } from '../sandbox/sandbox-place.ts';
import type { Stage } from '../stage.ts';
import { FloodClient } from './support/flood-client.ts';
import { NumberedLines } from './support/numbered-lines.ts';
import { shows, startProgram } from './support/programs.ts';

/** Some 11 MB: more than the program may be ahead of a client. */
const LINES = 1_300_000;
/** Some 4 MB more, while the slow client takes nothing: more than is sent to it and kept for it. */
const MORE_LINES = 450_000;
const ALL_LINES = LINES + MORE_LINES;
const PROGRAM = `stty -echo; echo READY; read -r go; seq 1 ${LINES}; read -r go; seq ${LINES + 1} ${ALL_LINES}; exec sleep 1000`;
/** For the whole of it, on a busy machine. */
const READ_MS = 15_000;
/** The slow client takes what was sent to it this often. */
const SLOW_MS = 100;
/** A primary client that takes nothing holds the program for 2 s; with what a busy machine adds. */
const HELD_MS = 4000;
/** From the beginning of the flood. */
const LEFT_MS = 6000;
/** With what the collector has not taken yet. */
const GROWTH_MIB = 400;
const MIB = 1024 * 1024;

/** Clients that do not read cost the others nothing. */
export const SLOW_CLIENT = defineDrill({
  name: 'slow-client',
  summary: 'One client of a flooding session stops reading, another one reads slowly',
  hypothesis:
    'The others get every byte, and the program waits for the stopped one 2 s at most and once. Those that were left behind are shown exactly what is on the screen when they go on, and the memory of the server stays bounded.',
  needs: ['redis'],
  run: async (stage, sandbox) =>
    drill(stage, await stage.step('start a server', () => SandboxPlace.open(sandbox))),
  runLive: drill,
});

async function drill(stage: Stage, place: Place): Promise<void> {
  const observer = await place.client();
  const name = place.sessionName('flood');
  const clients = await stage.step('attach four clients to a session', async () => {
    await startProgram(observer, name, PROGRAM);
    await shows(observer, name, 'READY');
    return await attachAll(place, name);
  });
  const memory = await MemoryWatch.begin(observer);
  const { stalled, slow, readers } = clients;
  const [{ lines }] = readers;
  const readAll = (last: number) =>
    stage.until(
      `two clients that read get all ${last} lines, each once and in order`,
      async () => {
        await memory.look();
        return readers.every(reader => reader.lines.isWhole(last));
      },
      { withinMs: READ_MS, found: () => readers.map(reader => reader.lines.found).join('; ') },
    );
  const slowly = setInterval(() => slow.attachment.acknowledge(), SLOW_MS);
  const beganAtMs = performance.now();
  try {
    await stage.step(`the program writes ${LINES} lines; its primary client stops reading`, () => {
      stalled.client.freeze();
      stalled.attachment.type('\n');
    });
    await stage.until(
      'the stopped client is left behind',
      async () => (await clientsOf(observer, name)).some(({ primary, view }) => primary && view === 'behind'),
      { withinMs: LEFT_MS, found: () => lines.found },
    );
    await readAll(LINES);
  } finally {
    clearInterval(slowly);
  }
  const { longestPauseMs } = lines;
  const flowedMs = performance.now() - beganAtMs - longestPauseMs;
  stage.measure('output stood still for at most', longestPauseMs, 'ms');
  stage.measure('otherwise the readers got', lines.bytes / MIB / (flowedMs / 1000), 'MiB/s');
  stage.claim(
    `the program waits for the stopped client no longer than ${HELD_MS} ms`,
    longestPauseMs <= HELD_MS,
    `${Math.round(longestPauseMs)} ms`,
  );

  await stage.step(`it writes ${MORE_LINES} more, of which the slow one reads nothing`, () => {
    stalled.attachment.type('\n');
  });
  await readAll(ALL_LINES);
  memory.tell(stage);
  await stage.until(
    'the slow client is left behind too',
    async () => (await clientsOf(observer, name)).filter(({ view }) => view === 'behind').length === 2,
    { withinMs: LEFT_MS },
  );
  await goOn(stage, place, name, clients);
}

/** How much memory the server takes while clients do not take what they are sent. */
class MemoryWatch {
  readonly #observer: ProtocolClient;
  readonly #beforeBytes: number;
  #mostBytes: number;

  private constructor(observer: ProtocolClient, bytes: number) {
    this.#observer = observer;
    this.#beforeBytes = bytes;
    this.#mostBytes = bytes;
  }

  static async begin(observer: ProtocolClient): Promise<MemoryWatch> {
    return new MemoryWatch(observer, (await observer.request('daemon.status', {})).memoryBytes);
  }

  async look(): Promise<void> {
    const { memoryBytes } = await this.#observer.request('daemon.status', {});
    this.#mostBytes = Math.max(this.#mostBytes, memoryBytes);
  }

  tell(stage: Stage): void {
    const grownMib = Math.round((this.#mostBytes - this.#beforeBytes) / MIB);
    stage.measure('memory of the server grew by', grownMib, 'MiB');
    stage.claim(
      `the memory of the server grows by less than ${GROWTH_MIB} MiB`,
      grownMib < GROWTH_MIB,
      `${grownMib} MiB`,
    );
  }
}

async function clientsOf(observer: ProtocolClient, target: string) {
  return (await observer.request('session.show', { target })).clients;
}

async function attachAll(place: Place, name: string) {
  const stalled = await FloodClient.attach(place, name, { take: true });
  const slow = await FloodClient.attach(place, name, { role: 'viewer', acknowledges: false });
  slow.attachment.acknowledge();
  return {
    stalled,
    slow,
    readers: [await attachReader(place, name), await attachReader(place, name)] as const,
  };
}

/** One that must not lose a byte, such as a recorder. */
async function attachReader(place: Place, name: string) {
  const lines = new NumberedLines();
  const options = {
    role: 'viewer' as const,
    lossless: true,
    onBytes: (bytes: Buffer, kind: string) => {
      if (kind === 'output') lines.push(bytes);
    },
  };
  const { attachment } = await FloodClient.attach(place, name, options);
  return { attachment, lines };
}

/** Whoever is painted anew is shown what one is shown that attaches now. */
async function goOn(
  stage: Stage,
  place: Place,
  name: string,
  { stalled, slow }: Pick<Awaited<ReturnType<typeof attachAll>>, 'stalled' | 'slow'>,
): Promise<void> {
  const fresh = await stage.step('attach another client', () =>
    FloodClient.attach(place, name, { role: 'viewer' }),
  );
  await stage.step('both read again', () => {
    stalled.client.thaw();
    slow.attachment.acknowledge();
  });
  for (const [which, one] of [
    ['stopped', stalled],
    ['slow', slow],
  ] as const)
    await stage.until(
      `the ${which} client is shown exactly what the other one is`,
      () => one.repaints > 0 && one.shows(fresh.snapshot),
      {
        withinMs: 5000,
        found: () => `${one.repaints} repaints, the last one of ${one.snapshot.length} bytes`,
      },
    );
}
