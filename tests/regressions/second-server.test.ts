/**
 * A second server that started on the same database marked all sessions inactive, those of the first one too, and when somebody
 * opened one there, started a second shell under the same id: `echo hi` ran twice.
 */
import { newToken } from '@triterm/core/domain';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { DaemonProcess } from '../support/daemon-process.ts';
import { Fleet, untilText } from '../support/fleet.ts';

let fleet: Fleet;
let first: DaemonProcess;
let id: string;
beforeEach(async () => {
  fleet = await Fleet.start();
  first = await fleet.daemon('server-1');
  // Every start of it leaves a line.
  const program = `echo started >> ${first.stateDir}/starts; echo hi; exec cat`;
  ({ id } = await first.session('work', ['sh', '-c', program], { cwd: first.stateDir }));
  await untilText(first, 'work', 'hi');
});
afterEach(() => fleet[Symbol.asyncDispose]());

const starts = async (daemon: DaemonProcess) => {
  await daemon.session('count', ['sh', '-c', `cat ${first.stateDir}/starts; echo END; exec cat`]);
  await untilText(daemon, 'count', 'END');
  const { screen } = await daemon.request('session.capture', { target: 'count', format: 'text' });
  return screen.filter(line => line === 'started').length;
};

it('a second server changes no row of the first one when it starts, leaves or is killed', async () => {
  await expect.poll(async () => (await fleet.row(id)).doc.pid).toBe((await first.state('work')).pid);
  const before = await fleet.row(id);
  expect(before).toMatchObject({ state: 'running', owner: 'server-1' });
  const second = await fleet.daemon('server-2');
  const listed = await second.request('session.list', {});
  await second.end('SIGKILL');
  await second.start();
  await second.end('SIGTERM');
  expect(await fleet.row(id)).toEqual(before);
  expect(listed.sessions).toEqual([]);
});

it('whatever is asked of a second server, the program runs once', async () => {
  const second = await fleet.daemon('server-2');
  for (const target of [id, 'work']) {
    // It knows whose session it is, and the first one listens nowhere but on its socket.
    await expect((await second.client()).attach(target, {})).rejects.toMatchObject({
      code: 'SERVER_UNREACHABLE',
    });
    const recreate = second.request('session.recreate', {
      target,
      environment: {},
      idempotencyKey: newToken(),
    });
    await expect(recreate).rejects.toMatchObject({ code: 'OWNER_ALIVE' });
  }
  await expect(second.session('work', ['sh', '-c', 'echo hi'])).rejects.toMatchObject({ code: 'NAME_TAKEN' });
  await first.end('SIGKILL');
  await first.start();
  expect(await first.state('work')).toMatchObject({ id, state: 'running' });
  const { screen } = await first.request('session.capture', { target: 'work', format: 'text' });
  expect(screen.filter(line => line !== '')).toEqual(['hi']);
  expect(await starts(first)).toBe(1);
});

it('a session without a name gets one that is free on every server', async () => {
  const second = await fleet.daemon('server-2');
  const environment = { PATH: process.env.PATH ?? '', HOME: first.stateDir };
  const unnamed = async (daemon: DaemonProcess) => {
    const { session } = await daemon.request('session.create', {
      argv: ['cat'],
      cwd: '/',
      environment,
      idempotencyKey: newToken(),
    });
    return session.name;
  };
  const names = [await unnamed(first), await unnamed(second), await unnamed(first), await unnamed(second)];
  expect(new Set(names).size).toBe(names.length);
});

it('the name of an ended session can be used again, whatever its like is called on other servers', async () => {
  const second = await fleet.daemon('server-2');
  for (const daemon of [first, second]) {
    await daemon.session('again', ['true']);
    await daemon.exited('again');
    await daemon.session('again', ['true']);
    await daemon.exited('again');
    await daemon.request('session.rename', { target: 'again', name: `kept-${daemon.pid}` });
  }
});
