import type { Socket } from 'node:net';
import { encodeControl, encodeDataHeader, FrameKind, type Peer } from '@triterm/core/protocol';
import { HOST_COMMANDS, HOST_METHODS } from '@triterm/core/protocol/pty-host-messages';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dial, HostClient } from './testing/host-client.ts';
import { HostProcess } from './testing/host-process.ts';
import { SeededRandom } from './testing/seeded-random.ts';

/** 100,000 now and then, by hand. */
const FRAMES = Number(process.env.TRITERM_TEST_HOSTILE_FRAMES ?? 20_000);
/** Most are answered and the connection goes on; the first that makes no sense ends it. */
const BATCH = 10;
const MAX_GROWTH_BYTES = 96 * 1024 * 1024;
/** Of equal ones the later commands, so no frame can lock us out. */
const GENERATION = Number.MAX_SAFE_INTEGER;
/** A host that is told to leave does so. */
const METHODS = [...Object.keys(HOST_METHODS), 'constructor', 'hello', ''].filter(name => name !== 'retire');
const NOTICES = [...Object.keys(HOST_COMMANDS), 'toString', 'no.such'];

type DataKind = Parameters<typeof encodeDataHeader>[0];

/** Makes messages that are right, nearly right and wrong. */
class Hostile {
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** A frame whose length is right: the stream of frames goes on after it. */
  frame(): Buffer {
    const { below } = this.#bound;
    const dice = below(40);
    if (dice === 0) return this.#dataFrame(FrameKind.output);
    if (dice === 1) return this.#mangled(encodeControl(below(5), this.#request()), 10);
    if (dice === 2) return this.#dataFrame(FrameKind.snapshot);
    if (dice < 6) return this.#checkpoint();
    if (dice < 14) return this.#dataFrame(FrameKind.input);
    if (dice < 22)
      return encodeControl(below(5), { method: this.#random.pick(NOTICES), params: this.#params() });
    return encodeControl(below(5), this.#request());
  }

  /** Bytes after which nothing can be read any more. */
  garbage(): Buffer {
    const { below } = this.#bound;
    if (below(3) === 0) return this.#random.bytes(1 + below(200));
    const frame = this.#mangled(this.frame(), 0);
    return below(2) === 0 ? frame.subarray(0, 1 + below(frame.length)) : frame;
  }

  get isTimeForGarbage(): boolean {
    return this.#random.below(20) === 0;
  }

  readonly #bound = { below: (limit: number) => this.#random.below(limit) };

  #request(): unknown {
    return { id: this.#random.below(1000), method: this.#random.pick(METHODS), params: this.#params() };
  }

  #dataFrame(kind: DataKind, channel = this.#random.below(6)): Buffer {
    const bytes = this.#random.bytes(this.#random.below(300));
    return Buffer.concat([encodeDataHeader(kind, channel, this.#number(), bytes.length), bytes]);
  }

  #checkpoint(): Buffer {
    const handle = 1 + this.#random.below(40);
    const announced = encodeControl(0, { method: 'checkpoint', params: { handle, sizeGeneration: 1 } });
    return Buffer.concat([announced, this.#dataFrame(FrameKind.snapshot, handle)]);
  }

  #params(): unknown {
    const { below } = this.#bound;
    if (below(20) === 0) return this.#value();
    // A program is started now and then only: it costs more than all else.
    const file = this.#random.pick(['/bin/cat', '/no/such/file', '', '', '', '', '', '']);
    const params: Record<string, unknown> = {
      session: 's',
      file,
      argv: [file],
      cwd: '/tmp',
      env: {},
      cols: 80,
      rows: 24,
      handle: 1 + below(40),
      channel: 1 + below(5),
      offset: this.#number(),
      floor: below(3) === 0 ? null : this.#number(),
      paceThrough: below(3) === 0 ? null : this.#number(),
      creditThrough: this.#number(),
      sizeGeneration: below(100),
      queryEnd: this.#number(),
      data: this.#random.bytes(below(60)).toString('base64'),
      attachment: `a${below(4)}`,
      signal: this.#random.pick(['SIGHUP', 'SIGKILL', 'SIGWINCH', 'SIGNONE']),
      forget: below(2) === 0,
      generation: 1 + below(5),
      fromCheckpoint: below(2) === 0,
    };
    if (below(4) === 0) params[this.#random.pick(Object.keys(params))] = this.#value();
    return params;
  }

  #number(): number {
    const { below } = this.#bound;
    return this.#random.pick([0, below(100), below(100_000), 2 ** 32, Number.MAX_SAFE_INTEGER]);
  }

  #value(): unknown {
    return this.#random.pick<unknown>([
      null,
      -1,
      0,
      1.5,
      1e300,
      '',
      'x'.repeat(5000),
      '\0',
      [],
      [[[[]]]],
      {},
      { __proto__: null, constructor: 1 },
      true,
      Array.from({ length: 5000 }, () => 'x'),
    ]);
  }

  #mangled(frame: Buffer, from: number): Buffer {
    for (let flip = this.#random.below(4); flip >= 0; flip -= 1) {
      const at = from + this.#random.below(Math.max(1, frame.length - from));
      if (at < frame.length) frame[at] = this.#random.below(256);
    }
    return frame;
  }
}

/** However it ends, with an error or without. */
function closed(socket: Socket): Promise<void> {
  return new Promise(resolve => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}

describe(`${FRAMES} random and mutated frames`, () => {
  let host: HostProcess;

  beforeAll(async () => {
    // Few enough to be reached soon, so that memory is the same from then on.
    host = await HostProcess.start({ maxPtys: 40 });
  });
  afterAll(() => host.dispose());

  interface Connection {
    readonly socket: Socket;
    readonly peer: Peer;
    readonly over: Promise<void>;
  }

  async function claimed(): Promise<Connection> {
    const client = await HostClient.connect(host.socketPath, { generation: GENERATION });
    const [socket] = client.sockets;
    return { socket, peer: client.control, over: closed(socket) };
  }

  /** Hands the host bytes as they are, and waits until it has done with them. */
  async function throwAt(connection: Connection, bytes: Buffer): Promise<void> {
    connection.socket.write(bytes);
    await Promise.race([connection.peer.request('list', {}).catch(() => {}), connection.over]);
  }

  it('neither end the host nor make it grow', async () => {
    const hostile = new Hostile(new SeededRandom(20_261_125));
    let residentBytes = 0;
    let connection = await claimed();
    for (let sent = 0; sent < FRAMES; sent += BATCH) {
      if (connection.socket.destroyed) connection = await claimed();
      await throwAt(connection, Buffer.concat(Array.from({ length: BATCH }, () => hostile.frame())));
      if (hostile.isTimeForGarbage) {
        const garbage = connection.socket.destroyed ? (connection = await claimed()) : connection;
        garbage.socket.end(Buffer.concat(Array.from({ length: BATCH }, () => hostile.garbage())));
        await garbage.over;
        const stranger = await dial(host.socketPath);
        stranger.on('error', () => {});
        stranger.end(Buffer.concat(Array.from({ length: BATCH }, () => hostile.garbage())));
        await closed(stranger.resume());
        sent += 2 * BATCH;
      }
      if (sent < FRAMES / 4) residentBytes = host.residentBytes;
    }
    connection.socket.destroy();

    const client = await HostClient.connect(host.socketPath, { generation: GENERATION });
    for (const { handle } of (await client.request('list', {})).ptys)
      await client.request('forget', { handle });
    const { handle } = await client.sh('echo fine');
    const stream = await client.subscribe(handle);
    await stream.untilEof();
    expect(stream.text).toBe('fine\r\n');
    expect(host.residentBytes - residentBytes).toBeLessThan(MAX_GROWTH_BYTES);
    expect(host.stderr).toBe('');
    client.drop();
  }, 240_000);

  it('whose replies are never read end the connection before they fill the memory', async () => {
    const client = await HostClient.connect(host.socketPath, { generation: GENERATION });
    for (let index = 0; index < 20; index += 1) await client.sh('exit');
    const [socket] = client.sockets;
    socket.pause();
    const residentBytes = host.residentBytes;
    const requests = Buffer.concat(
      Array.from({ length: 1000 }, () => encodeControl(0, { id: 1, method: 'list', params: {} })),
    );
    const over = closed(socket);
    const written = (): Promise<void> => new Promise(resolve => socket.write(requests, () => resolve()));
    while (!socket.destroyed) await Promise.race([written(), over]);
    expect(host.residentBytes - residentBytes).toBeLessThan(MAX_GROWTH_BYTES);
    const next = await HostClient.connect(host.socketPath, { generation: GENERATION });
    await next.settled();
    next.drop();
  });
});
