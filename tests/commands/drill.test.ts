import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DrillInfo, DrillReport, SessionInfo } from '@triterm/core/domain';
import { type RedisServer, startRedis } from '@triterm/core/sandbox/redis-server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunningCommand } from '../support/running-command.ts';
import { Triterm, until } from '../support/triterm.ts';

const NAMES = [
  ...['redis-down', 'redis-hang', 'redis-slow', 'redis-flush', 'redis-failover', 'redis-evict', 'db-down'],
  ...[
    'stale-fill',
    'partial-write',
    'concurrent-resize',
    'lock-expiry',
    'delete-while-reading',
    'socket-storm',
  ],
  ...['server-crash', 'pty-host-reconnect', 'split-brain', 'clock-skew', 'slow-client'],
];

describe('triterm drill', () => {
  let triterm: Triterm;
  beforeEach(() => {
    triterm = new Triterm();
  });
  afterEach(() => triterm[Symbol.asyncDispose]());

  it('lists the drills, and needs no daemon for it', async () => {
    const drills = await triterm.json<DrillInfo[]>('drill', 'ls');
    expect(drills.map(({ name }) => name)).toEqual(NAMES);
    for (const drill of drills)
      expect(drill).toEqual({
        name: expect.any(String),
        summary: expect.stringMatching(/^[A-Z0-9]/),
        hypothesis: expect.stringMatching(/^[A-Z].*\.$/),
        needs: expect.any(Array),
        live: expect.any(Boolean),
      });
    expect(triterm.pids).toEqual([]);
  });

  it('says what is wrong with what it is asked', async () => {
    const status = async (...args: string[]) => (await triterm.run(['drill', 'run', ...args])).exitCode;
    expect(await status('redis-dwn')).toBe(3);
    expect(await status()).toBe(2);
    expect(await status('redis-down', '--all')).toBe(2);
    expect(await status('redis-down', '--live', '--sandbox')).toBe(2);
    const unasked = await triterm.run(['drill', 'run', 'redis-down', '--live']);
    expect([unasked.exitCode, unasked.stderr]).toEqual([2, expect.stringContaining('--yes')]);
  });

  it('runs in a sandbox and reports to people, programs and CI systems', async () => {
    const { stdout, exitCode } = await triterm.run(['drill', 'run', 'lock-expiry', '--junit', 'drills.xml']);
    expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^lock-expiry\n/)]);
    expect(stdout).toMatch(/\n1 of 1 held\n$/);
    const xml = readFileSync(join(triterm.dir, 'drills.xml'), 'utf8');
    expect(xml).toContain('tests="1" failures="0" errors="0" skipped="0"');
    const [report] = await triterm.json<DrillReport[]>('drill', 'run', 'lock-expiry');
    expect(report).toMatchObject({
      name: 'lock-expiry',
      mode: 'sandbox',
      verdict: 'held',
      reason: null,
      kept: null,
    });
  });

  it('skips what needs a server that is not here, and does not count it as held', async () => {
    const { stdout, exitCode } = await triterm.run(['drill', 'run', 'redis-down', '--json'], {
      env: { PATH: dirname(process.execPath) },
    });
    expect(exitCode).toBe(6);
    expect(JSON.parse(stdout)).toMatchObject([
      { verdict: 'skipped', reason: expect.stringContaining('redis-server is not installed') },
    ]);
  });
});

describe('triterm drill --live', () => {
  let redis: RedisServer;
  let triterm: Triterm;
  beforeEach(async () => {
    redis = await startRedis();
    triterm = new Triterm({ REDIS_HOST: redis.host, REDIS_PORT: String(redis.port) });
    await triterm.ok('daemon', 'start');
    await untilMode('hybrid');
  });
  afterEach(async () => {
    await triterm[Symbol.asyncDispose]();
    await redis.dispose();
  });

  const untilMode = (wanted: string) =>
    until(
      async () => (await triterm.json<{ mode: string }>('redis', 'status')).mode === wanted,
      `mode ${wanted}`,
    );

  const log = () => readFileSync(join(triterm.stateDir, 'tritermd.log'), 'utf8');

  it('holds on the running daemon, and touches nobody else’s sessions', async () => {
    await triterm.ok('new', '-d', '-n', 'mine', '--', 'cat');
    const before = await triterm.json<SessionInfo[]>('ls');
    const { stdout, stderr, exitCode } = await triterm.run(
      ['drill', 'run', 'redis-down', 'concurrent-resize', '--live', '--yes', '--json'],
      { timeoutMs: 60_000 },
    );
    expect(exitCode, stderr).toBe(0);
    const reports = JSON.parse(stdout) as DrillReport[];
    expect(reports.map(({ name, mode, verdict }) => [name, mode, verdict])).toEqual([
      ['redis-down', 'live', 'held'],
      ['concurrent-resize', 'live', 'held'],
    ]);
    await untilMode('hybrid');
    expect(await triterm.json<SessionInfo[]>('ls')).toEqual(before);
  });

  it.each(['SIGINT', 'SIGKILL'] as const)(
    'restores Redis when it is ended by %s in the middle',
    async signal => {
      await using drill = new RunningCommand(triterm, ['drill', 'run', 'redis-down', '--live', '--yes']);
      await drill.until(lines => lines.includes('  Redis refuses every connection …'));
      drill.signal(signal);
      expect(await drill.exited()).toBe(signal === 'SIGINT' ? 130 : null);
      await until(() => log().includes('a drill has restored Redis'), 'Redis restored');
      await untilMode('hybrid');
      const left = async () => (await triterm.json<SessionInfo[]>('ls')).length;
      await until(async () => (await left()) === 0, 'the drill’s sessions gone');
    },
  );
});
