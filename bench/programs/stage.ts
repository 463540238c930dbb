import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { within } from '../host/clock.ts';
import type { ProcessView } from '../host/processes.ts';
import type { Greeting, Order, Report } from './orders.ts';

const PROGRAM = fileURLToPath(new URL('./program.ts', import.meta.url));
const GREETING_TIMEOUT_MS = 20_000;

/** A program for a session that only has to be there. */
export const IDLE_PROGRAM = ['/bin/sleep', '1000003'] as const;
/** Gives back each byte as it comes: an echo that passes through the program, unlike that of the tty. */
export const ECHO_PROGRAM = ['/bin/sh', '-c', 'stty raw -echo; exec cat -u'] as const;
/** What becomes of it. */
const ECHO_COMMAND = ['cat', '-u'] as const;
const NODE_OPTIONS = ['--disable-warning=ExperimentalWarning'] as const;

/** Whether a process is a session's program rather than a part of the peer, which may name it on its own command line. */
export function isProgram({ argv }: ProcessView): boolean {
  if (argv[0] === process.execPath && argv[NODE_OPTIONS.length + 1] === PROGRAM) return true;
  return [IDLE_PROGRAM, ECHO_PROGRAM, ECHO_COMMAND].some(program => program.join('\0') === argv.join('\0'));
}

/** Where programs report to be told what to do. */
export class Stage {
  readonly #path: string;
  readonly #server: Server;
  readonly #waiting = new Map<string, PromiseWithResolvers<RemoteProgram>>();

  private constructor(path: string) {
    this.#path = path;
    this.#server = createServer(socket => this.#greet(socket));
  }

  static async open(dir: string): Promise<Stage> {
    const stage = new Stage(join(dir, 'stage.sock'));
    await new Promise<void>((resolve, reject) => {
      stage.#server.once('error', reject);
      stage.#server.listen(stage.#path, resolve);
    });
    return stage;
  }

  /** The command line of a program that will come under this name. */
  program(name: string): readonly string[] {
    return [process.execPath, ...NODE_OPTIONS, PROGRAM, this.#path, name];
  }

  /** The program of this name, as soon as it runs. */
  arrived(name: string): Promise<RemoteProgram> {
    return within(GREETING_TIMEOUT_MS, `program ${name} has started`, this.#arrival(name).promise);
  }

  close(): void {
    this.#server.close();
  }

  #arrival(name: string): PromiseWithResolvers<RemoteProgram> {
    const known = this.#waiting.get(name);
    if (known !== undefined) return known;
    const arrival = Promise.withResolvers<RemoteProgram>();
    this.#waiting.set(name, arrival);
    return arrival;
  }

  #greet(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    const lines = createInterface({ input: socket });
    lines.once('line', line => {
      const { name, pid } = JSON.parse(line) as Greeting;
      this.#arrival(name).resolve(new RemoteProgram(pid, socket, lines));
    });
  }
}

/** A running program, seen from the harness. */
export class RemoteProgram {
  readonly pid: number;
  readonly #socket: Socket;
  readonly #answers: PromiseWithResolvers<Report>[] = [];

  constructor(pid: number, socket: Socket, lines: ReturnType<typeof createInterface>) {
    this.pid = pid;
    this.#socket = socket;
    lines.on('line', line => this.#answers.shift()?.resolve(JSON.parse(line) as Report));
    socket.on('close', () => {
      for (const { reject } of this.#answers.splice(0)) reject(new Error('the program has ended'));
    });
  }

  /** Resolves when it is done. */
  order(order: Order, timeoutMs: number): Promise<Report> {
    const answer = Promise.withResolvers<Report>();
    this.#answers.push(answer);
    this.#socket.write(`${JSON.stringify(order)}\n`);
    return within(timeoutMs, `the program has done: ${order.do}`, answer.promise);
  }

  /** Lets it end. */
  dismiss(): void {
    this.#socket.destroy();
  }
}
