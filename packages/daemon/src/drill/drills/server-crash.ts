import type { DaemonProcess } from '@triterm/core/sandbox/daemon-process';
import { defineDrill } from '../drill.ts';
import type { Stage } from '../stage.ts';
import { FollowedProgram } from './support/followed-program.ts';
import { NumberedLines } from './support/numbered-lines.ts';
import { shows } from './support/programs.ts';
import { startServer } from './support/server.ts';

/** Some 15 MB: more than the program may be ahead of a client. */
const LINES = 2_000_000;
/** How much has come when the server dies. */
const SEEN_BYTES = 3_000_000;
/** Typed lines, in each of four situations. */
const TYPED = 50;
/** It begins when it is typed a line. */
const WRITER = `stty -echo; echo READY; read -r go; seq 1 ${LINES}; exec sleep 1000`;
const READER = `stty -echo; echo READY; n=0; while read -r line; do n=$((n + 1)); echo "$n $line"; done`;

/** The server dies while programs write and are typed at: they go on, and so do their clients. */
export const SERVER_CRASH = defineDrill({
  name: 'server-crash',
  summary: 'The server is killed with SIGKILL in the middle of output and typing, and started again',
  hypothesis:
    'Every session lives on, every byte of output and every typed line is there once and in order, and clients go on where they were.',
  needs: [],
  async run(stage, sandbox) {
    const daemon = await stage.step('start a server', () => startServer(sandbox, 'drill-1'));
    const numbers = new NumberedLines();
    const answers = new Answers();
    const [writer, reader] = await stage.step(
      'start a program that writes and one that reads, each with a client attached',
      () =>
        Promise.all([
          FollowedProgram.start(daemon, 'writer', WRITER, bytes => numbers.push(bytes)),
          FollowedProgram.start(daemon, 'reader', READER, bytes => answers.push(bytes)),
        ]),
    );
    const pids = await pidsOf(daemon);
    const typed: string[] = [];
    const type = (situation: string) => {
      const lines = Array.from({ length: TYPED }, (_, at) => `${situation}-${at + 1}`);
      typed.push(...lines);
      reader.attachment.type(`${lines.join('\n')}\n`);
    };

    await stage.step(`the one begins to write ${LINES} numbered lines`, async () => {
      writer.attachment.type('\n');
      await writer.attachment.until('output', () => numbers.bytes > SEEN_BYTES, 10_000, stage.signal);
    });
    await stage.step(
      `the other is typed ${TYPED} lines, and gets them; its client does not hear so`,
      async () => {
        reader.client.freeze();
        type('unheard');
        await shows(await daemon.client(), reader.name, `${TYPED} unheard-${TYPED}`);
      },
    );
    const unheardBytes = reader.attachment.unappliedBytes;
    const { pid } = daemon;
    const killedAtMs = performance.now();
    await stage.step(`it is typed ${TYPED} more, and the server is killed at once`, async () => {
      type('late');
      await daemon.end('SIGKILL');
    });
    await stage.step(`it is typed ${TYPED} more while there is no server`, async () => {
      reader.client.cut();
      await Promise.all([reader.client.closed, writer.client.closed]);
      type('away');
    });
    const atDeath = numbers.last;
    await stage.step('start the server again', () => daemon.start());
    await stage.step('both clients attach again, and output goes on', async () => {
      await Promise.all([writer.comeBack(), reader.comeBack()]);
      await writer.attachment.until('output', () => numbers.last > atDeath, 10_000, stage.signal);
    });
    stage.measure('output stood still for', performance.now() - killedAtMs, 'ms');
    type('after');

    stage.claim(
      'the server was killed in the middle of output, and another process serves',
      atDeath < LINES && daemon.pid !== pid,
      `after ${atDeath} of ${LINES} lines`,
    );
    stage.claim(
      'it was killed before the client knew which typed lines had been taken',
      unheardBytes > 0,
      `${unheardBytes} bytes`,
    );
    stage.claim('both programs are the processes that they were', (await pidsOf(daemon)) === pids);
    await stage.until(
      `all ${typed.length} typed lines have reached the program`,
      () => answers.lines.length >= typed.length,
      { withinMs: 3000, found: () => `${answers.lines.length} lines` },
    );
    claimTyped(stage, typed, answers.lines);
    await stage.until(
      `all ${LINES} numbered lines have come once and in order`,
      () => numbers.isWhole(LINES),
      { found: () => numbers.found },
    );
    stage.claim(
      'both clients went on where they were, without being painted anew',
      writer.isUnbroken && reader.isUnbroken,
    );
  },
});

/** The lines that a program has written. */
class Answers {
  readonly lines: string[] = [];
  #rest = '';

  push(bytes: Buffer): void {
    const lines = (this.#rest + bytes.toString('latin1')).split('\r\n');
    this.#rest = lines.pop() ?? '';
    this.lines.push(...lines);
  }
}

/** Of the programs, in the order of their sessions' names. */
async function pidsOf(daemon: DaemonProcess): Promise<string> {
  const { sessions } = await daemon.request('session.list', {});
  return sessions
    .map(({ name, pid }) => `${name} ${pid}`)
    .toSorted()
    .join();
}

/** The program counts what it reads: so nothing is there twice, and nothing is missing. */
function claimTyped(stage: Stage, typed: readonly string[], answers: readonly string[]): void {
  const wrong = answers.find((line, at) => line !== `${at + 1} ${typed[at]}`);
  stage.claim(
    `each of the ${typed.length} typed lines was applied exactly once and in order`,
    wrong === undefined && answers.length === typed.length,
    `${answers.length} lines${wrong === undefined ? '' : `, among them ${JSON.stringify(wrong)}`}`,
  );
}
