import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Peer, PROTOCOL } from '@triterm/core/protocol';
import { Program } from '@triterm/core/testing/program';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FrameMutator } from './support/frame-mutator.ts';

const FRAMES = 100_000;
/** Another one makes other frames. */
const SEED = 20_261_125;
const CLIENTS = 8;
/** What a connection sends at most before the next takes its place. */
const FRAMES_A_CONNECTION = 200;
const FRAMES_A_WRITE = 20;
/** Replies, garbage and frames under way of all clients; what grows with the frames does not fit in it. */
const MEMORY_BYTES = 256 * 1024 * 1024;
const DEADLINE_MS = 120_000;

interface Status {
  memoryBytes: number;
  typedBytes: number;
  requests: number;
}

describe('a server that is thrown random and mutated frames at', () => {
  let root: string;
  let path: string;
  let server: Program;

  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'triterm-hostile-'));
    path = join(root, 's');
    server = new Program(new URL('./support/trivial-server.ts', import.meta.url), [path]);
    await server.until(lines => lines.includes('ready'));
  });
  afterEach(async () => {
    await server.dispose();
    rmSync(root, { recursive: true, force: true });
  });

  async function dial(): Promise<Socket> {
    const socket = connect(path);
    socket.on('error', () => {});
    await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
    return socket;
  }

  /** Sends frames on one connection, as long as the server keeps it; tells how many. */
  async function attackOnce(mutator: FrameMutator): Promise<number> {
    const socket = await dial();
    // One in four never reads its answers.
    if (mutator.below(4) > 0) socket.resume();
    const isPolite = mutator.below(2) === 0;
    socket.write(mutator.hello());
    let sent = 0;
    while (sent < FRAMES_A_CONNECTION && !socket.destroyed) {
      const batch = Array.from({ length: FRAMES_A_WRITE }, () =>
        isPolite || mutator.below(10) > 0 ? mutator.wellFormed() : mutator.damaged(),
      );
      sent += batch.length;
      const bytes = Buffer.concat(batch);
      const at = mutator.below(bytes.length + 1);
      socket.write(bytes.subarray(0, at));
      const isQueued = socket.write(bytes.subarray(at));
      if (!isQueued) await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => {});
      await new Promise(resolve => setImmediate(resolve));
    }
    socket.destroy();
    return sent;
  }

  it(
    'neither crashes nor grows, and answers others all the while',
    async () => {
      const good = new Peer(await dial(), {});
      await good.open(PROTOCOL, 'good 1.0');
      const status = async () => (await good.request('daemon.status', {})) as Status;
      const { memoryBytes: atFirst } = await status();

      const mutator = new FrameMutator(SEED);
      let sent = 0;
      let mostBytes = 0;
      let isOver = false;
      const attackAgainAndAgain = async (): Promise<void> => {
        while (sent < FRAMES) sent += await attackOnce(mutator);
      };
      const attack = Promise.all(Array.from({ length: CLIENTS }, attackAgainAndAgain)).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      void attack.then(() => {
        isOver = true;
      });
      while (!isOver) {
        const { memoryBytes } = await status();
        mostBytes = Math.max(mostBytes, memoryBytes);
        await new Promise(resolve => setTimeout(resolve, 20));
      }
      expect(await attack).toBeUndefined();

      expect(sent).toBeGreaterThanOrEqual(FRAMES);
      expect(mostBytes - atFirst).toBeLessThan(MEMORY_BYTES);
      const { typedBytes, requests } = await status();
      // Much of it has come through to where requests and input are acted on.
      expect(requests).toBeGreaterThan(FRAMES / 20);
      expect(typedBytes).toBeGreaterThan(FRAMES);
      await expect(good.request('session.show', { target: 'x' })).resolves.toEqual({
        method: 'session.show',
      });
      expect(server.child.exitCode).toBeNull();
      good.destroy();
    },
    DEADLINE_MS,
  );
});
