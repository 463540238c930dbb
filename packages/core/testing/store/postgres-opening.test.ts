import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../../src/sandbox/postgres-server.ts';
import { openPostgresDatabase } from '../../src/store/postgres/index.ts';
import { awakeMs } from '../awake-time.ts';
import { PostgresHarness } from './postgres-harness.ts';
import { exampleSession, USER } from './session-examples.ts';

const ROOMY = { limit: 1000 };
/** The client's deadline, and what a busy machine adds. */
const DEADLINE_MS = 2500;
const MARGIN_MS = 700;

let server: PostgresServer;
let harness: PostgresHarness;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.dispose());
beforeEach(async () => {
  harness = await PostgresHarness.on(server);
});
afterEach(() => harness.dispose());

const changedUrl = (change: (url: URL) => void): string => {
  const url = new URL(harness.url);
  change(url);
  return url.href;
};
const opening = async (url: string): Promise<unknown> => {
  try {
    const { database } = await openPostgresDatabase({ url, serverId: 'server-1' });
    await database.close();
    return undefined;
  } catch (error) {
    return error;
  }
};

describe('opening PostgreSQL', () => {
  it.each([
    [
      'password',
      (url: URL) => {
        url.password = 'wr0ng';
      },
      /refused the user triterm/,
    ],
    [
      'user',
      (url: URL) => {
        url.username = 'nobody';
      },
      /refused the user nobody/,
    ],
    [
      'database',
      (url: URL) => {
        url.pathname = '/nothing';
      },
      /no database nothing/,
    ],
    [
      'TLS setting',
      (url: URL) => {
        url.searchParams.set('sslmode', 'verify-full');
      },
      /does not support SSL/,
    ],
  ] as const)('with a wrong %s is refused, and tells no password', async (_, change, message) => {
    const error = await opening(changedUrl(change));
    expect(error).toMatchObject({ code: 'STORE_REFUSED', message: expect.stringMatching(message) });
    const told = JSON.stringify([error, (error as Error).message]);
    expect(told).not.toMatch(/wr0ng|p@ss|p%40ss/);
  });

  it('with what is no address of PostgreSQL is refused, and tells nothing of it', async () => {
    for (const url of ['mysql://user:secret@host/db', 'postgres://user:secret@host:port/db', 'secret']) {
      const error = await opening(url);
      expect(error).toMatchObject({ code: 'STORE_REFUSED' });
      expect((error as Error).message).not.toContain('secret');
    }
  });

  it('where nobody listens is told at once to be unavailable', async () => {
    const began = awakeMs();
    const error = await opening(
      changedUrl(url => {
        url.port = '1';
      }),
    );
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(awakeMs() - began).toBeLessThan(1000);
  });

  it('where somebody listens and says nothing ends at the deadline', async () => {
    const mute = createServer();
    await new Promise<void>(resolve => mute.listen(0, '127.0.0.1', resolve));
    const address = mute.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const began = awakeMs();
    expect(
      await opening(
        changedUrl(url => {
          url.port = String(port);
        }),
      ),
    ).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(awakeMs() - began).toBeLessThan(DEADLINE_MS + MARGIN_MS);
    mute.close();
  });

  it('that is read-only is refused', async () => {
    const name = new URL(harness.url).pathname.slice(1);
    await server.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
    expect(await opening(harness.url)).toMatchObject({ code: 'STORE_NOT_PRIMARY' });
  });

  it('whose schema a newer release has made incompatible is refused, and left as it is', async () => {
    await harness.open();
    const change = (schema: number, minCompatible: number) =>
      server.query(
        `UPDATE meta SET v = '${schema}' WHERE k = 'schema'; UPDATE meta SET v = '${minCompatible}' WHERE k = 'min_compatible'`,
        harness.url,
      );
    await change(99, 2);
    expect(await opening(harness.url)).toBeUndefined();
    await change(99, 99);
    expect(await opening(harness.url)).toMatchObject({
      code: 'STORE_TOO_NEW',
      details: { minCompatible: 99 },
    });
    const meta = await server.query("SELECT v FROM meta WHERE k = 'schema'", harness.url);
    expect(meta).toEqual([{ v: '99' }]);
  });

  it('as a plain owner of the database works, also where the system tells nothing of itself', async () => {
    const name = new URL(harness.url).pathname.slice(1);
    await server.query(
      `CREATE ROLE plain LOGIN PASSWORD 'plain'; ALTER DATABASE ${name} OWNER TO plain;
      REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC`,
      harness.url,
    );
    const url = changedUrl(to => {
      to.username = 'plain';
      to.password = 'plain';
    });
    const { database } = await harness.openAll({ url });
    await database.create(exampleSession('work'), ROOMY);
    expect(await database.list(USER)).toHaveLength(1);
  });

  it('as a user who may not make tables is refused', async () => {
    await server.query("CREATE ROLE guest LOGIN PASSWORD 'guest'", harness.url);
    const error = await opening(
      changedUrl(url => {
        url.username = 'guest';
        url.password = 'guest';
      }),
    );
    expect(error).toMatchObject({
      code: 'STORE_REFUSED',
      message: expect.stringContaining('permission denied'),
    });
  });
});
