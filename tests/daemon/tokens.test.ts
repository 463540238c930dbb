import type { Params, Result } from '@triterm/core/protocol';
import { freePort } from '@triterm/core/sandbox/free-port';
import { ProtocolClient } from '@triterm/core/sandbox/protocol-client';
import { awakeMs } from '@triterm/core/testing/awake-time';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DaemonProcess } from '../support/daemon-process.ts';

/** What whoever revokes a token is promised; a loaded machine gets as much again. */
const CLOSED_WITHIN_MS = 2000;

let daemon: DaemonProcess;
let url: string;
let owner: ProtocolClient;
/** Ids of two sessions of the owner of the socket. */
let first: string;
let second: string;

beforeAll(async () => {
  const port = await freePort();
  url = `ws://127.0.0.1:${port}`;
  daemon = new DaemonProcess({ PORT: String(port), TRITERM_MAX_CONNECTIONS_PER_USER: '3' });
  await daemon.start();
  owner = await daemon.client();
  first = await createSession(owner, 'first');
  second = await createSession(owner, 'second');
});
afterAll(() => daemon.dispose());

const clients: ProtocolClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map(client => client.close()));
});

async function createSession(client: ProtocolClient, name: string): Promise<string> {
  const idempotencyKey = name.padEnd(32, '0').replace(/[^0-9a-f]/g, '0');
  const params = { name, argv: ['cat'], cwd: '/', environment: {}, idempotencyKey };
  return (await client.request('session.create', params)).session.id;
}

async function makeToken(params: Params<'token.create'>): Promise<Result<'token.create'>> {
  return owner.request('token.create', params);
}

async function enter(token: string | undefined): Promise<ProtocolClient> {
  const client = await ProtocolClient.connectTo(url, token === undefined ? {} : { token });
  clients.push(client);
  return client;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'done',
    (thrown: { code: string }) => thrown.code,
  );
}

describe('a token over the network', () => {
  it('opens what its scope opens: a viewer sees the screen and can’t type', async () => {
    const { token } = await makeToken({ scope: 'view' });
    const viewer = await enter(token);
    let seen = '';
    const onBytes = (bytes: Buffer) => {
      seen += bytes.toString();
    };
    const attachment = await viewer.attach('first', { role: 'viewer', onBytes });
    expect(await codeOf(viewer.attach('first', { role: 'controller' }))).toBe('SCOPE_REFUSED');
    const send = { target: 'first', data: 'aGkK', idempotencyKey: 'a'.repeat(32) };
    expect(await codeOf(viewer.request('session.send', send))).toBe('SCOPE_REFUSED');
    expect(await codeOf(viewer.request('daemon.status', {}))).toBe('SCOPE_REFUSED');
    // A client that types all the same is not heard.
    attachment.type('typed\r');
    const line = Buffer.from('owner\r').toString('base64');
    await owner.request('session.send', { ...send, data: line, idempotencyKey: 'b'.repeat(32) });
    await attachment.until('what the owner typed', () => seen.includes('owner'));
    expect(seen).not.toContain('typed');
  });

  it('of one session shows nothing of another', async () => {
    const { token } = await makeToken({ session: 'first' });
    const client = await enter(token);
    const { sessions } = await client.request('session.list', {});
    expect(sessions.map(({ id }) => id)).toEqual([first]);
    for (const target of ['second', second, second.slice(0, 6)])
      expect(await codeOf(client.request('session.show', { target }))).toBe('SESSION_NOT_FOUND');
    expect(await codeOf(createSession(client, 'third'))).toBe('SCOPE_REFUSED');
    await client.request('events.subscribe', { all: true });
    const label = { set: { seen: '1' } };
    for (const target of [second, first])
      await owner.request('session.rename', { target, name: `new-${target}` });
    for (const target of [second, first]) await owner.request('session.label', { target, ...label });
    await client.request('ping', {});
    expect(client.events.map(event => event.session)).toEqual([first]);
    await owner.request('session.rename', { target: first, name: 'first' });
    await owner.request('session.rename', { target: second, name: 'second' });
  });

  it('of another user has sessions of its own, and knows of no others', async () => {
    const { token } = await makeToken({ user: 'ann' });
    const ann = await enter(token);
    expect((await ann.request('session.list', {})).sessions).toEqual([]);
    expect(await codeOf(ann.request('session.kill', { target: first }))).toBe('SESSION_NOT_FOUND');
    // With the idempotency key of the owner's session too: keys are a user's own.
    const own = await createSession(ann, 'first');
    expect((await ann.request('session.show', { target: 'first' })).session).toMatchObject({
      id: own,
      user: 'ann',
    });
    expect((await owner.request('session.show', { target: 'first' })).session.id).toBe(first);
    expect((await owner.request('session.list', {})).sessions).toHaveLength(3);
  });

  it('ends its connections within a second when it is revoked, and lets nobody in any more', async () => {
    const { token, info } = await makeToken({ user: 'bob' });
    const [bob, other] = [await enter(token), await enter((await makeToken({ user: 'bob' })).token)];
    const startedAtMs = awakeMs();
    await owner.request('token.revoke', { id: info.id });
    await bob.closed;
    expect(awakeMs() - startedAtMs).toBeLessThan(CLOSED_WITHIN_MS);
    expect(await codeOf(enter(token))).toBe('TOKEN_REVOKED');
    expect(await codeOf(other.request('ping', {}))).toBe('done');
  });

  it('is needed, and has to be the right one', async () => {
    expect(await codeOf(enter(undefined))).toBe('TOKEN_REQUIRED');
    expect(await codeOf(enter(`trt_00000000_${'a'.repeat(43)}`))).toBe('TOKEN_REFUSED');
    expect(await codeOf(enter('x'))).toBe('TOKEN_REFUSED');
  });

  it('admits a user as often as is allowed', async () => {
    const tokens = await Promise.all(Array.from({ length: 5 }, () => makeToken({ user: 'eve' })));
    const codes = await Promise.all(tokens.map(({ token }) => codeOf(enter(token))));
    expect(codes.sort()).toEqual(['TOO_MANY_CONNECTIONS', 'TOO_MANY_CONNECTIONS', 'done', 'done', 'done']);
  });
});
