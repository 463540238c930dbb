import { newToken } from '@triterm/core/domain';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DaemonProcess } from '../support/daemon-process.ts';
import { daemonMemory } from '../support/memory.ts';

const MIB = 1024 * 1024;
const MEMORY_BOUND_BYTES = 500 * MIB;

let daemon: DaemonProcess;
beforeEach(async () => {
  daemon = new DaemonProcess();
  await daemon.start();
});
afterEach(() => daemon.dispose());

const ready = (target: string) =>
  daemon.request('session.wait', {
    target,
    condition: { kind: 'text', pattern: 'READY' },
    timeoutMs: 20_000,
  });

it('a flood of input to a program that does not read is refused politely and harms nobody', async () => {
  await daemon.session('deaf', ['sh', '-c', 'stty raw -echo; echo READY; sleep 1000']);
  await ready('deaf');
  const send = daemon.request(
    'session.send',
    { target: 'deaf', data: Buffer.alloc(2 * MIB, 'x').toString('base64'), idempotencyKey: newToken() },
    40_000,
  );
  const refused = expect(send).rejects.toMatchObject({ code: 'TIMEOUT' });
  await daemon.session('lively', ['sh', '-c', 'echo READY; cat']);
  await ready('lively');
  await refused;
  expect(daemonMemory(daemon.pid)).toBeLessThan(MEMORY_BOUND_BYTES);
}, 60_000);
