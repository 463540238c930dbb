import { once } from 'node:events';
import { type Principal, SOCKET_OWNER } from '@triterm/core/domain';
import { type PostgresServer, startPostgres } from '@triterm/core/sandbox/postgres-server';
import type { Database, NewToken } from '@triterm/core/store';
import { awakeMs } from '@triterm/core/testing/awake-time';
import { PostgresHarness } from '@triterm/core/testing/store/postgres-harness';
import { SqliteHarness } from '@triterm/core/testing/store/sqlite-harness';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Admission, Credentials } from '../authenticator.ts';
import { clusterBearer, encodePrincipal } from './cluster-credential.ts';
import { newTokenText } from './token.ts';
import { TokenAuthenticator } from './token-authenticator.ts';

const CLUSTER_SECRET = 'a secret of the fleet, long enough';
/** What whoever revokes a token is promised. */
const CLOSED_WITHIN_MS = 1000;
const LIMIT = 10;
const FAR_MS = 3_600_000;

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.dispose());

interface Server {
  readonly database: Database;
  readonly authenticator: TokenAuthenticator;
  readonly troubles: string[];
  /** Resolves when something has failed behind everybody's back. */
  trouble(): Promise<void>;
  reincarnate(): Promise<void>;
}

const servers: Server[] = [];
let harness: { open(): Promise<Database>; dispose(): Promise<void> };

async function startServer(id: string): Promise<Server> {
  const database = await harness.open();
  const identity = { id, hostId: `host-${id}`, bootId: 'boot-1', stateDir: `/${id}`, advertiseUrl: null };
  let { incarnation } = await database.registerServer(identity, FAR_MS);
  const troubles: string[] = [];
  let told = Promise.withResolvers<void>();
  const authenticator = new TokenAuthenticator({
    tokens: database,
    connections: database,
    serverId: id,
    incarnation: () => incarnation,
    clusterSecret: CLUSTER_SECRET,
    maxConnectionsPerUser: () => LIMIT,
    trouble: what => {
      troubles.push(what);
      told.resolve();
      told = Promise.withResolvers();
    },
  });
  const server: Server = {
    database,
    authenticator,
    troubles,
    trouble: () => told.promise,
    reincarnate: async () => {
      ({ incarnation } = await database.registerServer(identity, FAR_MS));
    },
  };
  servers.push(server);
  return server;
}

async function makeToken({ database }: Server, change: Partial<NewToken> = {}) {
  const { id, text, hash } = newTokenText();
  const token = { userId: 'ann', scope: 'use', sessionId: null, label: '', expiresInMs: null } as const;
  await database.createToken({ ...token, id, hash, ...change });
  return { id, text };
}

/** Of one user; one token is not let have all of that user's connections. */
async function makeTokens(server: Server, count: number): Promise<string[]> {
  const made = await Promise.all(Array.from({ length: count }, () => makeToken(server)));
  return made.map(({ text }) => text);
}

function enter(
  { authenticator }: Server,
  bearer: string | undefined,
  onBehalfOf?: string,
): Promise<Admission> {
  const credentials: Credentials = { bearer, onBehalfOf };
  return authenticator.authenticate(credentials);
}

/** As another server shows it to this one. */
function bearerFor(serverId: string, onBehalfOf: string, nowMs = Date.now()): string {
  return clusterBearer(CLUSTER_SECRET, { serverId, onBehalfOf }, nowMs);
}

async function codeOf(entering: Promise<unknown>): Promise<string> {
  return entering.then(
    () => 'admitted',
    (thrown: { code: string }) => thrown.code,
  );
}

async function revoked({ revoked: signal }: Admission): Promise<string> {
  if (!signal.aborted) await once(signal, 'abort');
  return signal.reason.code;
}

async function eventually(check: () => Promise<boolean>): Promise<void> {
  await expect.poll(check, { timeout: 5000, interval: 20 }).toBe(true);
}

afterEach(async () => {
  for (const { authenticator } of servers.splice(0)) authenticator.close();
  await harness.dispose();
});

describe.each([
  ['SQLite', async () => new SqliteHarness()],
  ['PostgreSQL', () => PostgresHarness.on(postgres)],
])('over %s', (_kind, open) => {
  let one: Server;
  let two: Server;
  beforeEach(async () => {
    harness = await open();
    one = await startServer('server-1');
    two = await startServer('server-2');
  });

  it('a token lets in whom it is for, on every server', async () => {
    const { id, text } = await makeToken(one, { scope: 'view', sessionId: 'abcdefgh1234' });
    const principal: Principal = {
      userId: 'ann',
      scope: 'view',
      sessionId: 'abcdefgh1234',
      tokenId: id,
      relayedBy: undefined,
    };
    for (const server of [one, two]) expect((await enter(server, text)).principal).toEqual(principal);
  });

  it('nobody comes in without a token, or with one that is not known, wrong, revoked or expired', async () => {
    const good = await makeToken(one);
    const old = await makeToken(one, { expiresInMs: 1 });
    const withdrawn = await makeToken(one);
    await two.database.revokeToken(withdrawn.id);
    await eventually(async () => (await one.database.findToken(old.id))?.expired === true);
    const wrongSecret = good.text.slice(0, 13) + newTokenText().text.slice(13);
    expect(await codeOf(enter(one, undefined))).toBe('TOKEN_REQUIRED');
    expect(await codeOf(enter(one, ''))).toBe('TOKEN_REQUIRED');
    expect(await codeOf(enter(one, newTokenText().text))).toBe('TOKEN_REFUSED');
    expect(await codeOf(enter(one, wrongSecret))).toBe('TOKEN_REFUSED');
    expect(await codeOf(enter(one, `${good.text} `))).toBe('TOKEN_REFUSED');
    expect(await codeOf(enter(one, old.text))).toBe('TOKEN_EXPIRED');
    expect(await codeOf(enter(one, withdrawn.text))).toBe('TOKEN_REVOKED');
    expect(await codeOf(enter(one, good.text))).toBe('admitted');
  });

  it('who has not the secret of a revoked token is not told that there is one', async () => {
    const { id, text } = await makeToken(one);
    await one.database.revokeToken(id);
    const guessed = text.slice(0, 13) + newTokenText().text.slice(13);
    expect(await codeOf(enter(one, guessed))).toBe('TOKEN_REFUSED');
  });

  // A machine that stands still for a moment is no reason to fail.
  it('revoking a token ends its connections within a second, on every server, relayed ones too, and no others', {
    retry: 2,
  }, async () => {
    const [bad, good] = [await makeToken(one), await makeToken(one, { userId: 'bob' })];
    const relayed: Principal = { ...SOCKET_OWNER, userId: 'ann', scope: 'use', tokenId: bad.id };
    const header = encodePrincipal(relayed, 'server-1');
    const ending = await Promise.all([
      enter(one, bad.text),
      enter(two, bad.text),
      enter(two, bearerFor('server-2', header), header),
    ]);
    const staying = await enter(two, good.text);
    const startedAtMs = awakeMs();
    await one.database.revokeToken(bad.id);
    expect(await Promise.all(ending.map(revoked))).toEqual(Array(3).fill('TOKEN_REVOKED'));
    expect(awakeMs() - startedAtMs).toBeLessThan(CLOSED_WITHIN_MS);
    expect(staying.revoked.aborted).toBe(false);
  });

  it('a token that expires ends its connections, by the clock of the database', async () => {
    const { text } = await makeToken(one, { expiresInMs: 300 });
    expect(await revoked(await enter(two, text))).toBe('TOKEN_EXPIRED');
  });

  it('25 that come at once through two servers are ten, and who leaves makes room', async () => {
    const texts = await makeTokens(one, 25);
    const coming = texts.map((text, number) => enter(number % 2 === 0 ? one : two, text));
    const settled = await Promise.allSettled(coming);
    const inside = settled.flatMap(outcome => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const refusals = settled.flatMap(outcome => (outcome.status === 'rejected' ? [outcome.reason.code] : []));
    expect(inside).toHaveLength(LIMIT);
    expect(refusals).toEqual(Array(15).fill('TOO_MANY_CONNECTIONS'));
    const other = await makeToken(one, { userId: 'bob' });
    expect(await codeOf(enter(one, other.text))).toBe('admitted');
    inside[0]?.release();
    inside[0]?.release();
    const { text } = await makeToken(one);
    await eventually(async () => (await codeOf(enter(two, text))) === 'admitted');
    expect(await codeOf(enter(one, text))).toBe('TOO_MANY_CONNECTIONS');
  });

  it('one token has a quarter of its user’s connections at most, and leaves the others to the others', async () => {
    const [guest, own] = [await makeToken(one, { scope: 'view' }), await makeToken(one)];
    const coming = await Promise.allSettled(Array.from({ length: LIMIT }, () => enter(one, guest.text)));
    const inside = coming.flatMap(outcome => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(inside).toHaveLength(Math.floor(LIMIT / 4));
    expect(await codeOf(enter(one, guest.text))).toBe('TOO_MANY_CONNECTIONS');
    expect(await codeOf(enter(one, own.text))).toBe('admitted');
    inside[0]?.release();
    inside[0]?.release();
    expect(await codeOf(enter(one, guest.text))).toBe('admitted');
    expect(await codeOf(enter(one, guest.text))).toBe('TOO_MANY_CONNECTIONS');
  });

  it('a server with a new incarnation still counts those who stayed, and those who come', async () => {
    const [last = '', tooMany = '', ...texts] = await makeTokens(one, LIMIT + 1);
    for (const text of texts) await enter(one, text);
    await one.reincarnate();
    expect(await codeOf(enter(one, last))).toBe('admitted');
    expect(await codeOf(enter(two, tooMany))).toBe('TOO_MANY_CONNECTIONS');
  });

  it('a server speaks for whom it names, and its connections are counted at the one that they came to', async () => {
    const header = encodePrincipal({ ...SOCKET_OWNER, userId: 'ann', scope: 'view' }, 'server-1');
    const bearer = bearerFor('server-2', header);
    const admissions = await Promise.all(Array.from({ length: LIMIT + 5 }, () => enter(two, bearer, header)));
    expect(admissions[0]?.principal).toEqual({
      userId: 'ann',
      scope: 'view',
      sessionId: undefined,
      tokenId: undefined,
      relayedBy: 'server-1',
    });
    const { text } = await makeToken(one);
    expect(await codeOf(enter(two, text))).toBe('admitted');
  });

  it('nobody but a server of the fleet speaks for somebody else', async () => {
    const header = encodePrincipal(SOCKET_OWNER, 'server-1');
    const { text } = await makeToken(one, { scope: 'admin' });
    expect(await codeOf(enter(one, text, header))).toBe('TOKEN_REFUSED');
    expect(await codeOf(enter(one, undefined, header))).toBe('TOKEN_REQUIRED');
    const use = { serverId: 'server-1', onBehalfOf: header };
    expect(await codeOf(enter(one, clusterBearer('guessed', use, Date.now()), header))).toBe('TOKEN_REFUSED');
    expect(await codeOf(enter(one, CLUSTER_SECRET, header))).toBe('TOKEN_REFUSED');
    expect(await codeOf(enter(one, bearerFor('server-1', header)))).toBe('TOKEN_REFUSED');
    expect(await codeOf(enter(one, bearerFor('server-1', 'forged'), 'forged'))).toBe('TOKEN_REFUSED');
  });

  it('what a server shows is good at one server, for one principal', async () => {
    const header = encodePrincipal({ ...SOCKET_OWNER, scope: 'view' }, 'server-3');
    const bearer = bearerFor('server-1', header);
    expect(await codeOf(enter(one, bearer, header))).toBe('admitted');
    expect(await codeOf(enter(two, bearer, header))).toBe('TOKEN_REFUSED');
    expect(await codeOf(enter(one, bearer, encodePrincipal(SOCKET_OWNER, 'server-3')))).toBe('TOKEN_REFUSED');
  });

  it.each([
    [-75_000, /clock of this server is 7[456] s ahead of/],
    [75_000, /clock of this server is 7[456] s behind/],
  ])('a server whose clock differs by %d ms is told so', async (differenceMs, words) => {
    const header = encodePrincipal(SOCKET_OWNER, 'server-1');
    const entering = enter(two, bearerFor('server-2', header, Date.now() + differenceMs), header);
    await expect(entering).rejects.toMatchObject({
      code: 'TOKEN_REFUSED',
      message: expect.stringMatching(words),
    });
  });

  it('a token that was revoked, has expired or never was lets nobody in through another server', async () => {
    const [good, withdrawn, old] = [
      await makeToken(one),
      await makeToken(one),
      await makeToken(one, { expiresInMs: 1 }),
    ];
    await one.database.revokeToken(withdrawn.id);
    await eventually(async () => (await one.database.findToken(old.id))?.expired === true);
    const relayed = (tokenId: string) => {
      const header = encodePrincipal({ ...SOCKET_OWNER, tokenId }, 'server-1');
      return codeOf(enter(two, bearerFor('server-2', header), header));
    };
    expect(await relayed(good.id)).toBe('admitted');
    expect(await relayed(withdrawn.id)).toBe('TOKEN_REVOKED');
    expect(await relayed(old.id)).toBe('TOKEN_EXPIRED');
    expect(await relayed('01234567')).toBe('TOKEN_REVOKED');
  });

  it('lets nobody in any more once it is closed, and stores when tokens were used', async () => {
    const { id, text } = await makeToken(one);
    await enter(one, text);
    one.authenticator.close();
    expect(await codeOf(enter(one, text))).toBe('SHUTTING_DOWN');
    await eventually(async () => typeof (await one.database.findToken(id))?.lastUsedAt === 'number');
  });
});

describe('while the database is away', () => {
  it('who was let in a moment ago is let in again, nobody else is, nobody is closed, and afterwards revoking works', async () => {
    harness = await PostgresHarness.on(postgres);
    const server = await startServer('server-1');
    const { id, text } = await makeToken(server);
    const { text: unseen } = await makeToken(server);
    const inside = await enter(server, text);
    await postgres.stop('immediate');
    try {
      expect(await codeOf(enter(server, unseen))).toBe('STORE_UNAVAILABLE');
      const again = await enter(server, text);
      expect(again.principal).toEqual(inside.principal);
      again.release();
      if (server.troubles.length === 0) await server.trouble();
      expect(inside.revoked.aborted).toBe(false);
      const header = encodePrincipal({ ...SOCKET_OWNER, tokenId: id }, 'server-2');
      expect(await codeOf(enter(server, bearerFor('server-1', header), header))).toBe('admitted');
    } finally {
      await postgres.start();
    }
    await expect.poll(() => codeOf(enter(server, text)), { timeout: 10_000 }).toBe('admitted');
    await server.database.revokeToken(id);
    expect(await revoked(inside)).toBe('TOKEN_REVOKED');
  });
});
