import { newToken } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { Method, Params } from '@triterm/core/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { count, Viewer } from '../support/echo.ts';
import { Fleet, untilMode, untilText } from '../support/fleet.ts';
import { FollowingClient } from '../support/following-client.ts';
import { DigestAfter, sequenceDigest } from '../support/sequence.ts';
import { until } from '../support/triterm.ts';

/** Some 8 MB. */
const LAST = 1_150_000;

/** Three servers, and the sessions on the second one: tests ask the first and the third. The later ones take parts away. */
let fleet: Fleet;
let near: DaemonProcess;
let owner: DaemonProcess;
let far: DaemonProcess;
beforeAll(async () => {
  fleet = await Fleet.start({ listen: true, leaseMs: 3000 });
  [near, owner, far] = await Promise.all([fleet.daemon('near'), fleet.daemon('owner'), fleet.daemon('far')]);
});
afterAll(() => fleet?.[Symbol.asyncDispose]());

const shell = (name: string, program: string) => owner.session(name, ['sh', '-c', program]);

describe('a session of another server', () => {
  it('is attached by name through any server: typing, sizes, roles and its status are as at its own', async () => {
    await shell(
      'work',
      'stty -echo; echo READY; while read line; do [ "$line" = leave ] && exit 7; echo "<$line>"; done',
    );
    await untilText(owner, 'work', 'READY');
    const controller = await Viewer.attach(await near.client(), 'work', { window: { cols: 90, rows: 30 } });
    const viewer = await Viewer.attach(await far.client(), 'work', {
      role: 'viewer',
      window: { cols: 90, rows: 30 },
    });
    controller.attachment.type('typed here\n');
    viewer.attachment.type('typed by who only looks on\n');
    for (const each of [controller, viewer])
      await each.attachment.until('the answer', () => each.text.includes('<typed here>'));

    const shown = await far.request('session.show', { target: 'work' });
    expect(shown.session).toMatchObject({ server: 'owner', cols: 90, rows: 30, reachable: true });
    expect(shown.clients.map(({ role, primary, pid }) => ({ role, primary, pid }))).toEqual([
      { role: 'controller', primary: true, pid: null },
      { role: 'viewer', primary: false, pid: null },
    ]);
    controller.attachment.resize({ cols: 100, rows: 40 });
    await controller.attachment.until('the new size', ({ sizes }) => sizes.at(-1)?.cols === 100);
    expect((await near.request('session.show', { target: 'work' })).session).toMatchObject({
      cols: 100,
      rows: 40,
    });

    controller.attachment.type('leave\n');
    for (const { attachment } of [controller, viewer]) {
      await attachment.until('the end', ({ exit }) => exit !== undefined);
      expect(attachment.exit).toEqual({ exitCode: 7, signal: null });
    }
    expect(controller.text + viewer.text).not.toContain('looks on');
  });

  it('brings 8 MB through two servers, byte for byte', async () => {
    await shell('flood', `stty -echo; echo READY; read go; printf '<'; seq 1 ${LAST}; exec cat`);
    await untilText(owner, 'flood', 'READY');
    const seen = new DigestAfter('<');
    const expected = sequenceDigest(LAST);
    const client = await near.client();
    const attachment = await client.attach('flood', {
      lossless: true,
      onBytes: (bytes, kind) => {
        if (kind === 'output') seen.push(bytes);
      },
    });
    await attachment.until('its screen', ({ snapshots }) => snapshots > 0);
    attachment.type('\n');
    await attachment.until('everything', () => seen.bytes >= expected.bytes);
    expect({ bytes: seen.bytes, digest: seen.digest() }).toEqual(expected);
    await client.request('attachment.detach', {}, 5000, 1);
    expect((await owner.request('session.show', { target: 'flood' })).clients).toEqual([]);
    await far.request('session.kill', { target: 'flood' });
  });

  it('is reached by every command, and refuses what its own server refuses in the same words', async () => {
    const { id } = await owner.session('bench', ['bash']);
    await until(
      async () => (await owner.request('session.show', { target: 'bench' })).prompt === 'prompt',
      'a prompt',
    );
    const ask = <M extends Method>(method: M, params: Params<M>) => near.request(method, params);
    await ask('session.send', {
      target: 'bench',
      data: Buffer.from('echo $((40 + 2))\n').toString('base64'),
      idempotencyKey: newToken(),
    });
    const waited = await ask('session.wait', {
      target: 'bench',
      condition: { kind: 'text', pattern: '^42' },
      timeoutMs: 10_000,
    });
    expect(waited.matched).toBe('42');
    const ran = await ask('session.run', {
      target: 'bench',
      argv: ['echo', 'ran'],
      timeoutMs: 10_000,
      idempotencyKey: newToken(),
    });
    expect(ran).toMatchObject({ exitCode: 0, output: Buffer.from('ran\r\n').toString('base64') });
    expect((await ask('session.capture', { target: id.slice(0, 6), format: 'text' })).screen).toContain('42');
    expect((await ask('session.search', { target: id, pattern: '42' })).matches).not.toEqual([]);
    expect((await ask('session.label', { target: 'bench', set: { a: 'b' } })).session.labels).toEqual({
      a: 'b',
    });
    expect((await ask('session.policy', { target: 'bench', sizePolicy: 'manual' })).session.id).toBe(id);
    expect(
      (await ask('session.resize', { target: 'bench', size: { cols: 77, rows: 11 } })).session.cols,
    ).toBe(77);
    expect((await ask('session.rename', { target: 'bench', name: 'bank' })).session.name).toBe('bank');
    const client = await far.client();
    await client.attach('bank', { window: { cols: 77, rows: 11 } });
    expect((await ask('session.take', { target: 'bank' })).session.id).toBe(id);
    const [attached] = (await ask('session.show', { target: 'bank' })).clients;
    expect(await ask('session.detach', { target: 'bank', client: attached?.id })).toEqual({ detached: 1 });

    const refused: [Method, object][] = [
      ['session.resize', { target: 'bank', size: { cols: 0, rows: 1 } }],
      ['session.rename', { target: 'bank', name: '-x' }],
      ['session.take', { target: 'bank', client: 'nobody' }],
      ['session.detach', { target: 'bank', client: 'nobody' }],
      ['session.grant', { target: 'bank' }],
      ['session.search', { target: 'bank', pattern: '(' }],
      ['session.wait', { target: 'bank', condition: { kind: 'idle', idleMs: 60_000 }, timeoutMs: 20 }],
      ['session.show', { target: 'bamk' }],
    ];
    const errorOf = async (daemon: DaemonProcess, method: Method, params: object) =>
      daemon.request(method, params as Params<Method>).then(
        () => 'none',
        (thrown: unknown) => TermError.from(thrown).toWire(),
      );
    for (const [method, params] of refused) {
      const own = await errorOf(owner, method, params);
      expect(own).not.toBe('none');
      expect(await errorOf(near, method, params)).toEqual(own);
    }
    expect((await ask('session.kill', { target: 'bank' })).session.state).toBe('exited');
    expect((await ask('session.kill', { target: 'bank' })).session.state).toBe('exited');
    await expect(ask('session.show', { target: id })).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
  });

  it('is what a token lets it be, whichever server was shown the token', async () => {
    await shell('private', 'exec cat');
    const [looker, stranger] = await Promise.all([
      fleet.client('near', { token: await fleet.token({ user: 'local', scope: 'view' }) }),
      fleet.client('near', { token: await fleet.token({ user: 'stranger', scope: 'use' }) }),
    ]);
    expect((await looker.request('session.show', { target: 'private' })).session.server).toBe('owner');
    await expect(looker.request('session.kill', { target: 'private' })).rejects.toMatchObject({
      code: 'SCOPE_REFUSED',
    });
    await expect(stranger.request('session.show', { target: 'private' })).rejects.toMatchObject({
      code: 'SESSION_NOT_FOUND',
    });
    expect((await stranger.request('session.list', { all: true })).sessions).toEqual([]);
    await owner.request('session.kill', { target: 'private' });
  });

  it('goes on when its server is killed and starts again: every line is typed once, no byte is lost', async () => {
    await shell('steady', 'stty -echo; echo READY; while read line; do echo "<$line>"; done');
    await untilText(owner, 'steady', 'READY');
    let seen = '';
    const following = await FollowingClient.attach(
      () => near.client(),
      'steady',
      (bytes, kind) => {
        if (kind === 'output') seen += bytes;
      },
    );
    const { attachment } = following;
    const lines = Array.from({ length: 200 }, (_, at) => `line ${at}`);
    const typed = async (from: number, to: number) => {
      for (const line of lines.slice(from, to)) attachment.type(`${line}\n`);
      await attachment.until(`line ${to - 1}`, () => seen.includes(`<line ${to - 1}>`));
    };
    await typed(0, 50);
    const [told] = await Promise.all([
      attachment
        .until('it is told', ({ interrupted }) => interrupted !== undefined)
        .then(() => attachment.interrupted),
      owner.end('SIGKILL').then(() => owner.start()),
      typed(50, 150),
    ]);
    expect(told?.server).toBe('owner');
    await typed(150, 200);
    expect(following.returns).toBeGreaterThan(0);
    expect(seen.split('\r\n').slice(0, -1)).toEqual(lines.map(line => `<${line}>`));
    await following.stop();
  });

  it('is found by name while Redis is away', async () => {
    await fleet.redis.kill();
    await untilMode(near, 'in-memory');
    const viewer = await Viewer.attach(await near.client(), 'steady');
    viewer.attachment.type('without it\n');
    await viewer.attachment.until('the answer', () => count(viewer.text, '<without it>') === 1);
  });

  it('is listed as unreachable when its server is gone, and still shows its last screen', async () => {
    const { id } = await owner.state('steady');
    await until(async () => {
      const kept = await fleet.postgres.query(
        `SELECT content FROM session_screen WHERE session_id = '${id}'`,
        fleet.databaseUrl,
      );
      return String(kept[0]?.content).includes('<without it>');
    }, 'its screen is kept');
    await owner.end('SIGKILL');
    const listed = async (daemon = near) =>
      (await daemon.request('session.list', { all: true })).sessions.find(session => session.id === id);
    for (const daemon of [near, far])
      await until(async () => (await listed(daemon))?.reachable === false, 'it is unreachable');
    expect(await listed()).toMatchObject({ name: 'steady', server: 'owner', state: 'running' });
    expect(Date.parse((await listed())?.unreachableSince ?? '')).toBeLessThanOrEqual(Date.now());
    expect((await near.request('session.list', {})).sessions).toEqual([]);
    const captured = await near.request('session.capture', { target: 'steady', format: 'text' });
    expect(captured.screen).toContain('<without it>');
    expect(captured.asOf).not.toBeNull();
    await expect((await far.client()).attach('steady', {})).rejects.toMatchObject({
      code: 'SERVER_UNREACHABLE',
      message: expect.stringMatching(
        /^Server owner, which has session steady, can't be reached: its lease has lapsed.*\. It has been gone since \d/,
      ),
    });
  });
});
