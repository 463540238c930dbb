/** What somebody who was given a token to look on can't do to the owner of the session. */
import { newToken } from '@triterm/core/domain';
import { freePort } from '@triterm/core/sandbox/free-port';
import { ProtocolAttachment, ProtocolClient } from '@triterm/core/sandbox/protocol-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DaemonProcess } from '../support/daemon-process.ts';

/** A token has a quarter of it, viewers have three. */
const MAX_CLIENTS = 8;

let daemon: DaemonProcess;
let url: string;
let session: string;

beforeAll(async () => {
  const port = await freePort();
  url = `ws://127.0.0.1:${port}`;
  daemon = new DaemonProcess({ PORT: String(port), TRITERM_MAX_CLIENTS: String(MAX_CLIENTS) });
  await daemon.start();
  await daemon.session('work', ['cat']);
  session = (await daemon.state('work')).id;
});
afterAll(() => daemon.dispose());

const clients: ProtocolClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map(client => client.close()));
  await expect.poll(async () => (await shown()).length).toBe(0);
});

async function owner(): Promise<ProtocolClient> {
  const client = await daemon.client();
  clients.push(client);
  return client;
}

async function guest(): Promise<ProtocolClient> {
  const { token } = await daemon.request('token.create', { scope: 'view', session });
  return enter(token);
}

async function enter(token: string): Promise<ProtocolClient> {
  const client = await ProtocolClient.connectTo(url, { token });
  clients.push(client);
  return client;
}

const shown = async () => (await daemon.request('session.show', { target: session })).clients;

/** With the attachment token of somebody's choice. */
function attachAs(client: ProtocolClient, token: string): Promise<ProtocolAttachment> {
  const chosen = new ProtocolAttachment({ role: 'viewer' });
  return client.attach(session, {}, Object.assign(chosen, { token }));
}

describe('a guest who may look on', () => {
  it('takes a quarter of the places for clients, with others three, and none from the owner', async () => {
    const viewer = { role: 'viewer' } as const;
    const refused = { code: 'TOO_MANY_CLIENTS' };
    const greedy = await guest();
    const coming = await Promise.allSettled(
      Array.from({ length: MAX_CLIENTS }, () => greedy.attach(session, viewer)),
    );
    expect(coming.filter(({ status }) => status === 'fulfilled')).toHaveLength(MAX_CLIENTS / 4);
    for (const other of [await guest(), await guest()])
      for (let count = 0; count < MAX_CLIENTS / 4; count += 1) await other.attach(session, viewer);
    await expect((await guest()).attach(session, viewer)).rejects.toMatchObject(refused);
    const mine = await owner();
    for (let count = 0; count < MAX_CLIENTS / 4; count += 1) await mine.attach(session, {});
    await expect(mine.attach(session, {})).rejects.toMatchObject(refused);
  });

  it('leaves the size of the session as it was set, by coming, by another window, and by going', async () => {
    await (await owner()).attach(session, { window: { cols: 80, rows: 24 } });
    const size = { cols: 132, rows: 43 };
    await daemon.request('session.resize', { target: session, size });
    const looking = await guest();
    const attached = await looking.attach(session, { role: 'viewer', window: { cols: 50, rows: 10 } });
    await attached.until('it is painted', ({ snapshots }) => snapshots > 0);
    attached.resize({ cols: 40, rows: 9 });
    await attached.until('it is painted anew', ({ snapshots }) => snapshots > 1);
    expect(await daemon.state('work')).toMatchObject(size);
    await looking.close();
    await expect.poll(async () => (await shown()).length).toBe(1);
    await daemon.request('session.send', { target: session, data: 'eA==', idempotencyKey: newToken() });
    expect(await daemon.state('work')).toMatchObject(size);
  });

  it('is not taken for the owner’s client, nor for the owner’s device', async () => {
    const mine = await (await owner()).attach(session, { deviceId: 'phone' });
    const [first] = await shown();
    const id = first?.id ?? '';
    const looking = await guest();
    await expect(attachAs(looking, mine.token)).rejects.toMatchObject({ code: 'BAD_MESSAGE' });
    for (const beginning of [id, mine.token.slice(0, 8)])
      await attachAs(looking, beginning + newToken().slice(8));
    const ids = (await shown()).map(client => client.id);
    expect(new Set(ids).size).toBe(3);
    await daemon.request('session.take', { target: session, client: id });

    expect(await daemon.request('session.detach', { target: session, client: ids[1] })).toEqual({
      detached: 1,
    });
    await looking.attach(session, { role: 'viewer', deviceId: 'phone' });
    const { devices } = await daemon.request('session.show', { target: session });
    expect(devices.find(device => device.id === 'phone')?.clients).toEqual([id]);
    await mine.until('it is still attached', ({ detached }) => detached === undefined);
  });
});
