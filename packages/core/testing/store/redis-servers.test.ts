import { rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Program } from '../program.ts';
import { RedisServer } from '../servers/redis.ts';
import { RedisProcess } from '../servers/redis-process.ts';

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
