import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HostServer } from './host-server.ts';
import { FLOW_KEPT_MS } from './hosted-pty.ts';
import { PtyTable } from './pty-table.ts';
import { HostClient } from './testing/host-client.ts';
import { until } from './testing/until.ts';

describe('HostServer', () => {
  let dir: string;
  let server: HostServer;
  let commanded: boolean[];
  const table = new PtyTable(4);

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'triterm-server-'));
    server = new HostServer(join(dir, 'host.sock'), table);
    commanded = [];
    server.onCommanded = isCommanded => commanded.push(isCommanded);
    await server.listen();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
    server.close();
    for (const pty of [...table.all()]) table.forget(pty.handle);
    rmSync(dir, { recursive: true, force: true });
  });

  const connect = (generation: number) => HostClient.connect(join(dir, 'host.sock'), { generation });

  async function startHeld(client: HostClient): Promise<number> {
    const { handle } = await client.sh('exec cat');
    client.command('flow', { handle, floor: 5, paceThrough: 100 });
    await client.settled();
    return handle;
  }

  it('tells whether a daemon commands it', async () => {
    const first = await connect(1);
    const second = await connect(2);
    await until(() => first.isLost, 'the first to be disconnected');
    second.drop();
    await until(() => commanded.length === 3, 'the second to be missed');
    expect(commanded).toEqual([true, true, false]);
  });

  it('keeps what a daemon wanted for half a minute after that has gone', async () => {
    const client = await connect(1);
    const handle = await startHeld(client);
    client.drop();
    await until(() => commanded.at(-1) === false, 'the daemon to be missed');
    vi.advanceTimersByTime(FLOW_KEPT_MS - 1);
    expect(table.get(handle).info.floor).toBe(5);
    vi.advanceTimersByTime(1);
    expect(table.get(handle).info.floor).toBeNull();
  });

  it('keeps it for half a minute when another daemon takes over and wants nothing', async () => {
    const first = await connect(1);
    const handle = await startHeld(first);
    const second = await connect(2);
    vi.advanceTimersByTime(FLOW_KEPT_MS - 1);
    expect((await second.info(handle)).floor).toBe(5);
    vi.advanceTimersByTime(1);
    expect((await second.info(handle)).floor).toBeNull();
    second.drop();
  });

  it('keeps what the daemon that took over wants', async () => {
    await startHeld(await connect(1));
    const second = await connect(2);
    const [{ handle = 0 } = {}] = (await second.request('list', {})).ptys;
    second.command('flow', { handle, floor: 7, paceThrough: null });
    await second.settled();
    vi.advanceTimersByTime(10 * FLOW_KEPT_MS);
    expect((await second.info(handle)).floor).toBe(7);
    second.drop();
  });
});
