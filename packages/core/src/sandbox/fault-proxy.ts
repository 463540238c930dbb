import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export type Direction = 'toServer' | 'toClient';

/** What becomes of bytes on their way. A fault concerns connections that stand and those to come. */
export type Fault =
  | { readonly kind: 'pass' }
  /** Late by `ms` and up to `jitterMs` more, in order. */
  | {
      readonly kind: 'delay';
      readonly ms: number;
      readonly jitterMs?: number;
      readonly direction?: Direction;
    }
  /** Swallowed without a word: the peer's host is gone, or a firewall forgot the connection. */
  | { readonly kind: 'halfOpen'; readonly direction?: Direction }
  /** A byte at a time, every `ms`. */
  | { readonly kind: 'byteSlow'; readonly ms: number; readonly direction?: Direction };

export interface FaultProxyOptions {
  readonly host?: string;
  readonly port: number;
  /** Rewrites what a server sends, so that it looks like another. A chunk is what one read got. */
  readonly rewrite?: (chunk: Buffer, direction: Direction) => Buffer;
  /** The source of jitter, in [0, 1). */
  readonly random?: () => number;
}

/** What lies in the proxy of one direction at most; more is not read from the sender until some was delivered. */
const MAX_HELD_BYTES = 1024 * 1024;
const MAX_CONNECTIONS = 1000;
/** Longer than whoever holds bytes goes on. */
const HELD_MS = 600_000;

/** Between a client and a server on TCP, and the place where the network fails. */
export class FaultProxy {
  readonly host = '127.0.0.1';
  readonly #options: FaultProxyOptions;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  #fault: Fault = { kind: 'pass' };
  #refusing = false;
  #accepted = 0;
  #port = 0;

  private constructor(options: FaultProxyOptions) {
    this.#options = options;
    this.#server = createServer({ noDelay: true }, client => this.#accept(client));
  }

  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(options);
    await proxy.#listen(0);
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  /** Standing connections, and all that there ever were. */
  get connections(): { readonly open: number; readonly accepted: number } {
    return { open: this.#connections.size, accepted: this.#accepted };
  }

  set(fault: Fault): void {
    this.#fault = fault;
    for (const connection of this.#connections) connection.faultChanged();
  }

  /** Bytes stay where they are until it is set to pass. */
  hold(direction?: Direction): void {
    this.set({ kind: 'delay', ms: HELD_MS, ...(direction === undefined ? {} : { direction }) });
  }

  /** Resets every connection that stands; new ones are as before. */
  cut(): void {
    for (const connection of [...this.#connections]) connection.reset();
  }

  /** Resets them, and nobody listens any more. */
  async refuse(): Promise<void> {
    if (!this.#refusing) {
      this.#refusing = true;
      this.#server.close();
    }
    this.cut();
  }

  /**
   * As if nothing had been, for what comes. Connections that have lost bytes stay broken: they are reset, as the hosts would do
   * when they hear from each other again.
   */
  async heal(): Promise<void> {
    this.set({ kind: 'pass' });
    for (const connection of [...this.#connections]) if (connection.hasLost) connection.reset();
    if (!this.#refusing) return;
    this.#refusing = false;
    await this.#listen(this.#port);
  }

  async dispose(): Promise<void> {
    this.cut();
    if (this.#server.listening) {
      const closed = once(this.#server, 'close');
      this.#server.close();
      await closed;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  async #listen(port: number): Promise<void> {
    const listening = once(this.#server, 'listening');
    this.#server.listen(port, this.host);
    await listening;
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  #accept(client: Socket): void {
    if (this.#connections.size >= MAX_CONNECTIONS) {
      client.resetAndDestroy();
      return;
    }
    this.#accepted += 1;
    const { host = '127.0.0.1', port, rewrite, random = Math.random } = this.#options;
    const server = connect({ host, port, noDelay: true });
    const connection = new Connection(client, server, {
      fault: () => this.#fault,
      rewrite: rewrite ?? (chunk => chunk),
      random,
      ended: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
  }
}

interface ConnectionContext {
  readonly fault: () => Fault;
  readonly rewrite: (chunk: Buffer, direction: Direction) => Buffer;
  readonly random: () => number;
  readonly ended: () => void;
}

class Connection {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #pipes: readonly Pipe[];
  readonly #context: ConnectionContext;
  #ended = false;
  /** One end has closed, and the other could not hear of it. */
  #isStranded = false;

  constructor(client: Socket, server: Socket, context: ConnectionContext) {
    this.#client = client;
    this.#server = server;
    this.#context = context;
    this.#pipes = [
      new Pipe(client, server, 'toServer', context),
      new Pipe(server, client, 'toClient', context),
    ];
    for (const socket of [client, server]) {
      // `close` follows.
      socket.on('error', () => {});
      socket.on('close', hadError => this.#closed(hadError));
    }
  }

  get hasLost(): boolean {
    return this.#isStranded || this.#pipes.some(({ hasLost }) => hasLost);
  }

  faultChanged(): void {
    for (const pipe of this.#pipes) pipe.next();
  }

  reset(): void {
    for (const socket of [this.#client, this.#server]) if (!socket.destroyed) socket.resetAndDestroy();
    this.#end();
  }

  #closed(hadError: boolean): void {
    const isBoth = this.#client.destroyed && this.#server.destroyed;
    if (!isBoth && this.#context.fault().kind === 'halfOpen') this.#isStranded = true;
    else if (hadError) this.reset();
    else this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const pipe of this.#pipes) pipe.stop();
    for (const socket of [this.#client, this.#server]) socket.destroySoon();
    this.#context.ended();
  }
}

/** One direction of a connection. */
class Pipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #direction: Direction;
  readonly #context: ConnectionContext;
  readonly #held: { readonly dueMs: number; readonly chunk: Buffer }[] = [];
  #heldBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #finished = false;
  hasLost = false;

  constructor(from: Socket, to: Socket, direction: Direction, context: ConnectionContext) {
    this.#from = from;
    this.#to = to;
    this.#direction = direction;
    this.#context = context;
    from.on('data', chunk => this.#take(context.rewrite(Buffer.from(chunk), direction)));
    from.on('end', () => {
      this.#finished = true;
      this.next();
    });
  }

  /** Delivers what is due, and waits for the rest. */
  next(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const fault = this.#faultHere();
    for (let first = this.#held[0]; first !== undefined; first = this.#held[0]) {
      if (fault.kind === 'halfOpen') {
        this.#drop();
        break;
      }
      const waitMs = fault.kind === 'pass' ? 0 : first.dueMs - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.next(), waitMs);
        return;
      }
      this.#held.shift();
      this.#heldBytes -= first.chunk.length;
      this.#to.write(first.chunk);
    }
    if (this.#heldBytes < MAX_HELD_BYTES) this.#from.resume();
    // A host that is gone sends no FIN either.
    if (this.#finished && fault.kind !== 'halfOpen') this.#to.end();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#held.length = 0;
  }

  #take(chunk: Buffer): void {
    const fault = this.#faultHere();
    if (fault.kind === 'halfOpen') {
      this.hasLost = true;
      return;
    }
    const pieces = fault.kind === 'byteSlow' ? Array.from(chunk, byte => Buffer.of(byte)) : [chunk];
    for (const piece of pieces) {
      this.#held.push({ dueMs: this.#dueMs(fault), chunk: piece });
      this.#heldBytes += piece.length;
    }
    if (this.#heldBytes >= MAX_HELD_BYTES) this.#from.pause();
    if (this.#timer === undefined) this.next();
  }

  #dueMs(fault: Fault): number {
    const nowMs = performance.now();
    const lastMs = Math.max(nowMs, this.#held.at(-1)?.dueMs ?? 0);
    if (fault.kind === 'byteSlow') return lastMs + fault.ms;
    if (fault.kind !== 'delay') return lastMs;
    return Math.max(lastMs, nowMs + fault.ms + this.#context.random() * (fault.jitterMs ?? 0));
  }

  #faultHere(): Fault {
    const fault = this.#context.fault();
    const isElsewhere =
      'direction' in fault && fault.direction !== undefined && fault.direction !== this.#direction;
    return isElsewhere ? { kind: 'pass' } : fault;
  }

  #drop(): void {
    this.hasLost = true;
    this.#held.length = 0;
    this.#heldBytes = 0;
  }
}
