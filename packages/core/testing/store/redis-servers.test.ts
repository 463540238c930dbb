import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import { RedisProcess } from '../../src/sandbox/redis-process.ts';
import { RedisServer } from '../../src/sandbox/redis-server.ts';
import { Program } from '../program.ts';

const isUp = (port: number) =>
  RedisServer.start({ port }).then(
    server => server.dispose().then(() => false),
    () => true,
  );

it('a server of a test ends with the process that started it, however that ends', async () => {
  const program = new Program(new URL('./programs/redis-starter.ts', import.meta.url), []);
  let port = 0;
  let dir = '';
  try {
    await program.until(lines => lines.length > 1);
    port = Number(program.lines[0]);
    dir = program.lines[1] ?? '';
    expect(await isUp(port)).toBe(true);
    await program.dispose();
    await expect.poll(() => isUp(port), { timeout: 10_000 }).toBe(false);
  } finally {
    await program.dispose();
    if (dir !== '') rmSync(dir, { recursive: true });
  }
});

it('a server that cannot start says why, and leaves nothing', async () => {
  await expect(RedisProcess.start({}, () => ['no-such-setting 1'])).rejects.toThrow(/no-such-setting/);
});

it('a server is started again on its port, and says when a command is refused', async () => {
  const server = await RedisServer.start({ password: 'secret', tls: true });
  const { port } = server;
  expect(await server.cli('PING')).toBe('PONG');
  await server.kill();
  await server.restart();
  expect(server.port).toBe(port);
  await expect(server.cli('NOSUCH')).rejects.toThrow(/unknown command/);
  await server.dispose();
});

it.runIf(process.platform === 'linux')('a server’s password is in no command line', async () => {
  const password = 'not-for-other-users';
  const server = await RedisServer.start({ password });
  try {
    const waiting = server.cli('BLPOP', 'nothing', '30');
    await expect.poll(() => commandLines().filter(line => line.includes('BLPOP'))).not.toEqual([]);
    expect(commandLines().filter(line => line.includes(password))).toEqual([]);
    await server.cli('LPUSH', 'nothing', 'something');
    expect(await waiting).toContain('something');
  } finally {
    await server.dispose();
  }
});

function commandLines(): string[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(pid => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
      } catch {
        return '';
      }
    });
}
