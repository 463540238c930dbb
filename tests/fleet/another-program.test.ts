import type { PtyTerminal } from '@triterm/core/testing/pty-terminal';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { count, Viewer } from '../support/echo.ts';
import { Fleet, untilText } from '../support/fleet.ts';
import { Triterm, until } from '../support/triterm.ts';

const LEASE_MS = 2000;
/** Writes more where it is made anew, in another home: any offset of the first one is one of the second one too. */
const PROGRAM = '[ "$HOME" = / ] && seq 1 1000; echo begun; exec cat';

describe('clients of a session that was made anew on another server while its own was dead', () => {
  const stack = new AsyncDisposableStack();
  let gateway: DaemonProcess;
  let owner: DaemonProcess;
  let id: string;
  /** Came through the other server, and waits there for the session. */
  let waiting: PtyTerminal;
  /** Came to the session's own server. */
  let old: Viewer;
  /** Came through the other server too, and comes back only when it likes. */
  let late: Viewer;

  beforeAll(async () => {
    const fleet = stack.use(await Fleet.start({ listen: true, leaseMs: LEASE_MS }));
    [gateway, owner] = await Promise.all([fleet.daemon('gateway'), fleet.daemon('owner')]);
    ({ id } = await owner.session('work', ['sh', '-c', PROGRAM]));
    const token = await fleet.token({ user: 'local', scope: 'admin' });
    const client = stack.use(new Triterm({ TRITERM_HOST: fleet.url('gateway'), TRITERM_TOKEN: token }));
    old = await Viewer.attach(await owner.client(), 'work');
    late = await Viewer.attach(await gateway.client(), 'work');
    await old.echoes('one');
    await late.attachment.until('the answer', () => count(late.text, 'one') >= 2);
    waiting = stack.use(client.open(['attach', 'work']));
    await waiting.untilText('one');

    await owner.end('SIGKILL');
    // The second once the other server knows that it is gone.
    await waiting.untilText(/does not answer; waiting|can't be reached/);
    waiting.type('typed for the old one\r');
    await until(
      async () => {
        const { sessions } = await gateway.request('session.list', { all: true });
        return sessions.some(session => session.id === id && !session.reachable);
      },
      'its lease has lapsed',
      LEASE_MS + 5000,
    );
    await gateway.recreate(id, { force: true });
    await untilText(gateway, id, 'begun');
  });
  afterAll(() => stack[Symbol.asyncDispose]());

  it('are told that another program runs there, which gets nothing that was typed for the one before', async () => {
    await waiting.untilText('another program runs in this session now; what was typed meanwhile was dropped');
    waiting.type('typed for the new one\r');
    await untilText(gateway, id, 'typed for the new one');
    const { screen } = await gateway.request('session.capture', { target: id, format: 'text' });
    expect(screen).toContain('begun');
    expect(screen).not.toContain('typed for the old one');
  });

  it('do not go on in its output where they were in that of the one before', async () => {
    const { pty, snapshots } = late.attachment;
    await late.again(await gateway.client(), id);
    expect(late.attachment.resumed).toBe(false);
    expect(late.attachment.pty).not.toBe(pty);
    await late.attachment.until('its screen', now => now.snapshots > snapshots);
    // By its offset alone it could have.
    expect(late.attachment.offset).toBeGreaterThan(1000);
  });

  it('go on with their own program when their server is back, though they ask for the session that it was', async () => {
    await owner.start();
    await old.again(await owner.client(), id);
    expect(old.attachment.resumed).toBe(true);
    await old.attachment.until('it is told', ({ moved }) => moved !== undefined);
    expect(old.attachment.moved?.session).toMatchObject({ name: 'orphan-work', server: 'owner' });
    await old.echoes('two');
    expect((await gateway.request('session.capture', { target: id, format: 'text' })).screen).not.toContain(
      'two',
    );
  });
});
