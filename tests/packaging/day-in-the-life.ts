import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SessionInfo } from '@triterm/core/domain';
import { freePort } from '@triterm/core/sandbox/free-port';
import { type PostgresServer, startPostgres } from '@triterm/core/sandbox/postgres-server';
import { type RedisServer, startRedis } from '@triterm/core/sandbox/redis-server';
import type { PtyTerminal } from '@triterm/core/testing/pty-terminal';
import { expect } from 'vitest';
import type { Installation } from '../support/installation.ts';
import { Triterm, until } from '../support/triterm.ts';

const LINES = 6000;
/** Goes on by itself for as long as the day is: a screenful each twentieth of a second. */
const COUNT = `n=0; while [ $n -lt ${LINES} ]; do n=$((n + 1)); echo "line $n"; [ $((n % 24)) = 0 ] && sleep 0.05; done; echo counted; exec cat`;

interface Place {
  readonly postgres: PostgresServer;
  readonly redis: RedisServer;
  readonly servers: readonly [a: Server, b: Server, c: Server];
}

/** A host with an account of its own. */
class Server extends Triterm {
  readonly id: string;
  readonly port: number;

  constructor(installation: Installation, id: string, port: number) {
    super({ PATH: installation.path }, [installation.triterm]);
    this.id = id;
    this.port = port;
  }

  /** As an operator does it: what is secret comes by standard input. */
  async configure(databaseUrl: string, redis: RedisServer, clusterSecret: string): Promise<void> {
    await this.ok('config', 'set', 'serverId', this.id, 'listen', `ws://127.0.0.1:${this.port}`);
    await this.ok('config', 'set', 'redisHost', redis.host, 'redisPort', String(redis.port));
    await this.setSecret('clusterSecret', clusterSecret);
    await this.setSecret('databaseUrl', databaseUrl);
    await this.ok('config', 'validate');
  }

  async setSecret(setting: string, value: string): Promise<void> {
    const { exitCode, stderr } = await this.run(['config', 'set', setting, '-'], { input: value });
    expect([exitCode, stderr]).toEqual([0, expect.any(String)]);
  }
}

/** Install, configure, attach from two devices, and then all goes wrong that can: through the commands of an operator alone. */
export async function liveThroughADay(installation: Installation): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const postgres = stack.use(await startPostgres());
  const redis = stack.use(await startRedis());
  const server = async (id: string) => stack.use(new Server(installation, id, await freePort()));
  const servers = [await server('server-a'), await server('server-b'), await server('server-c')] as const;
  const [a, b, c] = servers;
  const url = await postgres.createDatabase();
  for (const each of servers)
    await each.configure(url, redis, 'what these three servers share, and nobody else');
  for (const each of servers) await each.ok('daemon', 'start');
  const place: Place = { postgres, redis, servers };

  await a.ok('new', '-d', '-n', 'count', '--', 'sh', '-c', COUNT);
  await c.ok('new', '-d', '-n', 'notes', '--', 'sh', '-c', 'stty -echo; exec tee notes');
  await b.ok('new', '-d', '-n', 'shell');

  const writer = new Writer(join(c.dir, 'notes'));
  {
    await using desk = a.open(['attach', 'notes']);
    const { token } = await a.json<{ token: string }>('token', 'create', '--scope', 'use');
    await using phone = b.open(['--host', `ws://127.0.0.1:${b.port}`, 'attach', 'notes'], {
      env: {
        TRITERM_TOKEN: token,
        HOME: installation.dir,
        TRITERM_STATE_DIR: join(installation.dir, 'phone'),
      },
    });
    const write = async () => {
      await writer.write(desk, 'desk', phone);
      await writer.write(phone, 'phone', desk);
    };
    await write();
    await stopRedis(place, write);
    await b.killDaemon();
    await b.ok('daemon', 'start');
    await write();
    for (const each of servers) {
      await each.ok('daemon', 'restart');
      await write();
    }
    desk.type('\x1c');
    await desk.exited;
    phone.type('\x1c');
    await phone.exited;
  }

  await restore(place, stack.use(new Server(installation, 'restorer', 0)));
  await using desk = b.open(['attach', 'notes']);
  await writer.write(desk, 'desk', desk);

  await a.ok('wait', 'count', '--text', '^counted$', '--timeout', '60');
  const { scrollback, screen } = await c.json<{ scrollback: string[]; screen: string[] }>(
    'capture',
    'count',
    '--scrollback',
  );
  const counted = [...scrollback, ...screen].filter(line => line !== '');
  expect(counted).toEqual([...Array.from({ length: LINES }, (_, index) => `line ${index + 1}`), 'counted']);
  expect(readFileSync(join(c.dir, 'notes'), 'utf8')).toBe(writer.text);
}

/** What is typed, line by line, and has to come to a file once and in order. */
class Writer {
  readonly #file: string;
  text = '';
  #lines = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** Types a line on one device; it comes to the file, and the other device sees it. */
  async write(device: PtyTerminal, name: string, other: PtyTerminal): Promise<void> {
    this.#lines += 1;
    const line = `line ${this.#lines} from the ${name}`;
    device.type(`${line}\r`);
    this.text += `${line}\n`;
    await other.untilText(line, 30_000);
    await until(() => readFileSync(this.#file, 'utf8') === this.text, `in the file: ${line}`);
  }
}

async function stopRedis({ redis, servers: [a, b] }: Place, write: () => Promise<void>): Promise<void> {
  const mode = async (server: Triterm) => (await server.json<{ mode: string }>('redis', 'status')).mode;
  await until(async () => (await mode(a)) === 'hybrid', 'Redis in use');
  await redis.kill();
  await write();
  await until(async () => (await mode(a)) === 'in-memory', 'Redis missed');
  await b.ok('new', '-d', '-n', 'made-without-redis', '--', 'sleep', '600');
  await redis.restart();
  await until(async () => (await mode(a)) === 'hybrid' && (await mode(b)) === 'hybrid', 'Redis in use again');
  await write();
}

/** Into a database that is empty, as after the loss of the old one. Daemons are stopped meanwhile; what runs goes on. */
async function restore({ postgres, servers }: Place, restorer: Server): Promise<void> {
  const [a] = servers;
  const backup = join(a.dir, 'triterm.backup');
  const before = await rows(a);
  expect(before.map(({ name }) => name)).toEqual(['count', 'made-without-redis', 'notes', 'shell']);
  await a.ok('db', 'backup', backup);
  for (const each of servers) await each.ok('daemon', 'stop');
  const url = await postgres.createDatabase();
  await restorer.setSecret('databaseUrl', url);
  await restorer.ok('daemon', 'start');
  await restorer.ok('db', 'import', backup);
  await restorer.ok('daemon', 'stop');
  for (const each of servers) await each.setSecret('databaseUrl', url);
  for (const each of servers) await each.ok('daemon', 'start');
  for (const each of servers) expect(await rows(each)).toEqual(before);
}

/** Every session as any server shows it, without what changes by the minute. */
async function rows(server: Triterm): Promise<Partial<SessionInfo>[]> {
  const sessions = await server.json<SessionInfo[]>('ls', '--all');
  return sessions
    .map(({ lastActivityAt: _, clients: __, ...rest }) => rest)
    .sort((one, other) => one.name.localeCompare(other.name));
}
