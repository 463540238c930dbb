import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Program } from '../program.ts';
import { namespaces } from './ip-command.ts';
import { Network, whyNoNetwork } from './namespaces.ts';
import type { NetworkHost } from './network-host.ts';

const run = promisify(execFile);
const why = await whyNoNetwork();
const PEER = new URL('./programs/peer.ts', import.meta.url);

/** Listens on a host, and answers what comes with the same. */
async function listener(host: NetworkHost): Promise<Program> {
  const program = new Program(PEER, ['listen', host.address], host.within);
  await program.until(lines => lines.includes('ready'));
  return program;
}

/** A connection from one host to another. `answers`: what was said came back within a second. */
async function connection(from: NetworkHost, to: NetworkHost) {
  const program = new Program(PEER, ['connect', to.address], from.within);
  await program.until(lines => lines.includes('ready'));
  let said = 0;
  return {
    program,
    answers: async (): Promise<boolean> => {
      said += 1;
      program.send(String(said));
      const before = program.lines.length;
      await program.until(lines => lines.length > before);
      return program.lines.at(-1) === `answered ${said}`;
    },
  };
}

describe.skipIf(why !== undefined)(`a network of namespaces${why === undefined ? '' : ` (${why})`}`, () => {
  it('cuts two hosts from each other and no others, without a word, and connections go on after', async () => {
    await using network = await Network.create();
    const [a, b, c] = [await network.host('a'), await network.host('b'), await network.host('c')];
    const programs = [await listener(b), await listener(c)];
    try {
      const [toB, toC] = [await connection(a, b), await connection(a, c)];
      programs.push(toB.program, toC.program);
      expect(await toB.answers()).toBe(true);
      await a.cutFrom(b);
      expect(await toB.answers()).toBe(false);
      expect(await toC.answers()).toBe(true);
      await a.heal();
      await expect.poll(() => toB.answers(), { timeout: 5000 }).toBe(true);
      await a.unplug();
      expect(await toC.answers()).toBe(false);
      await a.heal();
      await expect.poll(() => toC.answers(), { timeout: 5000 }).toBe(true);
      expect(programs.flatMap(({ lines }) => lines.filter(line => line === 'closed'))).toEqual([]);
    } finally {
      await Promise.all(programs.map(program => program.dispose()));
    }
  });

  it('serves what listens on a unix socket elsewhere', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'tt-'));
    const server = createServer(socket => socket.pipe(socket)).listen(join(dir, 'echo'));
    try {
      await once(server, 'listening');
      await using network = await Network.create();
      const [a, b] = [await network.host('a'), await network.host('b')];
      await network.serve(b, 7000, join(dir, 'echo'));
      const client = await connection(a, b);
      expect(await client.answers()).toBe(true);
      await client.program.dispose();
    } finally {
      server.close();
      rmSync(dir, { recursive: true });
    }
  });

  it('leaves nothing behind, neither after a test nor when it is killed, and nothing of the machine’s is changed', async () => {
    const links = async () => (await run('ip', ['-o', 'link'])).stdout;
    const before = await links();
    const owner = new Program(new URL('./programs/network-owner.ts', import.meta.url), []);
    const of = async (pid: number | undefined) =>
      (await namespaces()).filter(name => name.startsWith(`tt-${pid}-`));
    try {
      await owner.until(lines => lines.includes('ready'));
      expect(await of(owner.child.pid)).toHaveLength(2);
      expect(await links()).toBe(before);
      owner.signal('SIGKILL');
      await expect.poll(() => of(owner.child.pid), { timeout: 10_000 }).toEqual([]);
    } finally {
      await owner.dispose();
    }
    {
      await using network = await Network.create();
      await network.host('a');
    }
    expect(await of(process.pid)).toEqual([]);
    expect(await links()).toBe(before);
  });
});
