import { startRedis } from '@triterm/core/sandbox/redis-server';
import { awakeMs } from '@triterm/core/testing/awake-time';
import { describe, expect, it } from 'vitest';
import { isAlive, Triterm, until } from '../support/triterm.ts';

const PROMPT = /[$#] ?$/;

describe('SIGTERM', () => {
  it('ends the daemon within 2 s though a client is attached and Redis hangs; the client comes back', async () => {
    await using redis = await startRedis();
    await using triterm = new Triterm({ REDIS_HOST: '127.0.0.1', REDIS_PORT: String(redis.port) });
    await using terminal = triterm.open(['attach', '--create', 'work']);
    await terminal.untilText(PROMPT);
    terminal.type('before=1\r');
    redis.signal('SIGSTOP');
    const pid = triterm.daemonPid;
    const startedAtMs = awakeMs();
    process.kill(pid, 'SIGTERM');
    await until(() => !isAlive(pid), 'its end');
    expect(awakeMs() - startedAtMs).toBeLessThan(2000);
    redis.signal('SIGCONT');
    terminal.type('echo $before-$((6 * 7))\r');
    await terminal.untilText('1-42');
    expect(triterm.daemonPid).not.toBe(pid);
  });
});
