import { nowMs, pause, until } from './host/clock.ts';
import { run } from './host/command.ts';
import { cpuSeconds, memoryBytes } from './host/processes.ts';
import { Workplace } from './host/workplace.ts';
import type { Peer, PeerServer } from './peers/peer.ts';
import { isProgram, type RemoteProgram, Stage } from './programs/stage.ts';
import { OuterTerminal } from './terminal/outer-terminal.ts';

const READY_TIMEOUT_MS = 20_000;
/** What a client is given to show a word, before it is asked again: one that had not joined yet never shows the first. */
const WORD_TIMEOUT_MS = 250;
/** CPU time that grows less than a tick within this is idle. */
const QUIET_MS = 300;
const QUIET_TIMEOUT_MS = 5000;

/** The places in use, for a harness that is interrupted. */
export const openPlaces = new Set<Workplace>();

let serial = 0;
function fresh(prefix: string): string {
  serial += 1;
  return `${prefix}${serial}`;
}

/** A peer at work, with what the harness needs around it. */
export class Contestant {
  readonly peer: Peer;
  #at: Surroundings;

  private constructor(peer: Peer, at: Surroundings) {
    this.peer = peer;
    this.#at = at;
  }

  static async open(peer: Peer): Promise<Contestant> {
    return new Contestant(peer, await surround(peer));
  }

  get server(): PeerServer {
    return this.#at.server;
  }

  get stage(): Stage {
    return this.#at.stage;
  }

  /** Ends everything and begins anew. */
  async reopen(): Promise<void> {
    await this.close();
    this.#at = await surround(this.peer);
  }

  /** A session that runs a program which does as it is told. */
  async session(): Promise<Session> {
    const name = fresh('s');
    await run(this.server.createCommand(name, this.stage.program(name)));
    const session = new Session(this, name);
    // Its server may be on its way still when the command has returned.
    if (this.peer.can.detach) await session.program();
    return session;
  }

  /** A session that runs this. */
  async sessionOf(program: readonly string[]): Promise<Session> {
    const name = fresh('s');
    const before = this.#programs();
    await run(this.server.createCommand(name, program));
    if (this.peer.can.detach)
      await until(READY_TIMEOUT_MS, 'the program has started', () => this.#programs() > before);
    return new Session(this, name);
  }

  /** The peer's own processes, clients included, without the programs of its sessions. */
  pids(): number[] {
    return this.#at.place
      .processes()
      .filter(view => !isProgram(view))
      .map(({ pid }) => pid);
  }

  #programs(): number {
    return this.#at.place.processes().filter(isProgram).length;
  }

  memoryBytes(): number {
    return memoryBytes(this.pids());
  }

  /** CPU seconds of these processes, once they have nothing left to do for what they were given. */
  async settledCpuSeconds(pids: readonly number[]): Promise<number> {
    const deadline = nowMs() + QUIET_TIMEOUT_MS;
    let before = cpuSeconds(pids);
    for (;;) {
      await pause(QUIET_MS);
      const now = cpuSeconds(pids);
      if (now - before < 0.02 || nowMs() > deadline) return now;
      before = now;
    }
  }

  async close(): Promise<void> {
    try {
      await this.server.close();
    } catch {
      // One that fails to leave by itself is killed.
    }
    await leave(this.#at.place, this.stage);
  }
}

interface Surroundings {
  readonly server: PeerServer;
  readonly place: Workplace;
  readonly stage: Stage;
}

async function surround(peer: Peer): Promise<Surroundings> {
  const place = Workplace.make();
  openPlaces.add(place);
  const stage = await Stage.open(place.dir);
  try {
    return { server: await peer.open(place), place, stage };
  } catch (thrown) {
    await leave(place, stage);
    throw thrown;
  }
}

async function leave(place: Workplace, stage: Stage): Promise<void> {
  stage.close();
  await place.clear();
  openPlaces.delete(place);
}

/** A session of a contestant, and the terminals that show it. */
export class Session {
  readonly name: string;
  readonly #contestant: Contestant;
  readonly #terminals: OuterTerminal[] = [];
  #program: Promise<RemoteProgram> | undefined;

  constructor(contestant: Contestant, name: string) {
    this.#contestant = contestant;
    this.name = name;
  }

  /** The program; for a peer that runs none without a client, one must have been attached. */
  program(): Promise<RemoteProgram> {
    this.#program ??= this.#contestant.stage.arrived(this.name);
    return this.#program;
  }

  attach(options: { record?: boolean } = {}): OuterTerminal {
    const terminal = new OuterTerminal(this.#contestant.server.attachCommand(this.name), options);
    this.#terminals.push(terminal);
    return terminal;
  }

  /** A terminal that already shows what the program writes. */
  async attachAndWait(options: { record?: boolean } = {}): Promise<OuterTerminal> {
    const terminal = this.attach(options);
    const program = await this.program();
    const deadline = nowMs() + READY_TIMEOUT_MS;
    for (;;) {
      const text = `${fresh('@@ready-')}@@`;
      const seen = terminal.seen(text, WORD_TIMEOUT_MS).then(
        () => true,
        () => false,
      );
      await program.order({ do: 'say', text }, READY_TIMEOUT_MS);
      if (await seen) return terminal;
      if (nowMs() > deadline)
        throw new Error(
          `the client shows nothing of its session; it has shown ${terminal.receivedBytes} bytes`,
        );
    }
  }

  /** Lets a client detach, as its person does. */
  async leave(terminal: OuterTerminal): Promise<void> {
    const { detachKeys } = this.#contestant.server;
    if (detachKeys === undefined) await terminal.close();
    else await terminal.leave(detachKeys);
  }

  async end(): Promise<void> {
    (await this.#program)?.dismiss();
    const kill = this.#contestant.server.killCommand(this.name);
    // The program may be gone already, and the session with it.
    if (kill !== undefined) await run(kill).catch(() => {});
    for (const terminal of this.#terminals) await terminal.close();
  }
}
