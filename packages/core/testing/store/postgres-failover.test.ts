import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../../src/sandbox/postgres-server.ts';
import { openPostgresDatabase } from '../../src/store/postgres/index.ts';
import { Program } from '../program.ts';
import { exampleSession } from './session-examples.ts';

const ROOMY = { limit: 1_000_000 };

describe('PostgreSQL that fails over', () => {
  const disposables: { dispose(): Promise<void> }[] = [];
  const own = <T extends { dispose(): Promise<void> }>(started: T): T => {
    disposables.push(started);
    return started;
  };
  let server: PostgresServer;
  beforeEach(async () => {
    server = own(await startPostgres({ durable: true }));
  });
  afterEach(async () => {
    for (const each of disposables.splice(0).toReversed()) await each.dispose();
  });

  it('keeps every acknowledged write when all of it is killed', async () => {
    const url = await server.createDatabase();
    const writer = own(
      new Program(new URL('./programs/postgres-writer.ts', import.meta.url), [url, 'w', '1000000']),
    );
    await writer.until(lines => lines.length > 100);
    await server.signal('SIGKILL');
    await writer.until(lines => lines.some(line => /^(unknown|refused)/.test(line)));
    await writer.dispose();
    await server.start();
    const there = new Map(
      (await server.query('SELECT id, rev FROM session', url)).map(({ id, rev }) => [id, rev]),
    );
    const acknowledged = writer.lines.slice(1, -1).map(line => line.split(' '));
    expect(acknowledged.length).toBeGreaterThan(99);
    for (const [word = '', second = ''] of acknowledged) {
      if (word === 'refused') expect(there.has(second)).toBe(false);
      else if (word !== 'unknown') expect(there.get(word)).toBe(second);
    }
  });

  it('refuses a replica; what was promoted begins another epoch, once for all servers', async () => {
    const url = await server.createDatabase();
    const opened = await openPostgresDatabase({ url, serverId: 'server-1' });
    own({ dispose: () => opened.database.close() });
    const row = await opened.database.create(exampleSession('work'), ROOMY);
    const before = await opened.database.epochs();
    await opened.database.close();

    const standby = own(await startPostgres({ standbyOf: server }));
    const there = new URL(url);
    there.port = String(standby.port);
    const target = (serverId: string) => ({ url: there.href, serverId });
    await expect(openPostgresDatabase(target('server-1'))).rejects.toMatchObject({
      code: 'STORE_NOT_PRIMARY',
    });

    await standby.promote();
    const after = await Promise.all(['a', 'b'].map(id => openPostgresDatabase(target(id))));
    for (const { database } of after) own({ dispose: () => database.close() });
    const epochs = await Promise.all(after.map(({ database }) => database.epochs()));
    expect(epochs[0]).toEqual(epochs[1]);
    expect(epochs[0]?.db).not.toBe(before.db);
    expect(epochs[0]?.cache).toBe(before.cache + 1);
    expect(await after[0]?.database.get(row.id)).toEqual(row);
  });

  it('keeps its epochs over a restart', async () => {
    const opened = await openPostgresDatabase({ url: await server.createDatabase(), serverId: 'server-1' });
    own({ dispose: () => opened.database.close() });
    const before = await opened.database.epochs();
    await server.signal('SIGKILL');
    await server.start();
    await expect.poll(() => opened.database.epochs().catch(() => undefined)).toEqual(before);
  });
});
