import type { Contestant } from '../contestant.ts';
import { nowMs, pause, within } from '../host/clock.ts';
import { ECHO_PROGRAM } from '../programs/stage.ts';
import { quantile } from '../results.ts';
import { COLS, type OuterTerminal } from '../terminal/outer-terminal.ts';
import { type Measure, type MeasureContext, takeTurns } from './measure.ts';

/** No echo within this counts as lost. */
const ECHO_TIMEOUT_MS = 10_000;
/** Keys of a first round that does not count. */
const FIRST_KEYS = 30;
const FLOOD_STARTS_MS = 500;

/** From a keystroke until the terminal has its echo, alone and while another session of the same peer floods. */
export const echo: Measure = {
  name: 'echo',
  async run(context) {
    await takeTurns(context, {
      measure: 'echo',
      variant: 'idle',
      peers: context.peers,
      repeat: contestant => typeAndRecord(context, contestant, 'idle'),
    });
    await takeTurns(context, {
      measure: 'echo',
      variant: 'flood',
      peers: context.peers.filter(({ can }) => can.detach),
      async repeat(contestant) {
        const flooding = await contestant.session();
        try {
          await (await flooding.program()).order({ do: 'floodOn', payload: 'sgr' }, ECHO_TIMEOUT_MS);
          await pause(FLOOD_STARTS_MS);
          await typeAndRecord(context, contestant, 'flood');
        } finally {
          await flooding.end();
        }
      },
    });
  },
};

async function typeAndRecord(
  { scale, results }: MeasureContext,
  contestant: Contestant,
  variant: string,
): Promise<void> {
  const session = await contestant.sessionOf(ECHO_PROGRAM);
  try {
    const terminal = session.attach();
    const typist = new Typist(terminal);
    await typist.begin();
    await typist.type(FIRST_KEYS);
    const latencies = await typist.type(scale.keystrokes);
    const key = { measure: 'echo', variant, peer: contestant.peer.name };
    for (const [metric, share] of [
      ['p50 µs', 0.5],
      ['p99 µs', 0.99],
    ] as const)
      results.add({ ...key, metric }, quantile(latencies, share) ?? Number.NaN);
  } finally {
    await session.end();
  }
}

/** Types one key after the other, each when the one before has come back. */
class Typist {
  readonly #terminal: OuterTerminal;
  #typed = 0;
  #awaited = 0;
  #came: (atMs: number) => void = () => {};

  constructor(terminal: OuterTerminal) {
    this.#terminal = terminal;
    terminal.onOutput = chunk => {
      if (chunk.includes(this.#awaited)) this.#came(nowMs());
    };
  }

  /** Until the program echoes. */
  async begin(): Promise<void> {
    for (let tries = 0; tries < 100; tries += 1) {
      try {
        await this.#press(100);
        // Whatever the client still has to draw.
        await pause(200);
        return;
      } catch {
        // Not there yet.
      }
    }
    throw new Error('the program echoes nothing');
  }

  /** Microseconds of each echo. */
  async type(keys: number): Promise<number[]> {
    const latencies: number[] = [];
    for (let count = 0; count < keys; count += 1) {
      // Out of step with anybody's timers.
      await pause(1 + ((count * 7) % 4));
      latencies.push(await this.#press(ECHO_TIMEOUT_MS));
    }
    return latencies;
  }

  async #press(timeoutMs: number): Promise<number> {
    // A key that is in no control sequence, and another one on each row, so that nobody finds it drawn already.
    const key = Math.floor(this.#typed / COLS) % 2 === 0 ? '#' : '%';
    this.#typed += 1;
    this.#awaited = key.charCodeAt(0);
    const echoed = new Promise<number>(resolve => {
      this.#came = resolve;
    });
    const bytes = Buffer.from(key);
    const pressedMs = nowMs();
    this.#terminal.write(bytes);
    return ((await within(timeoutMs, 'a key comes back', echoed)) - pressedMs) * 1000;
  }
}
