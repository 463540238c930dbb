import { defineConfig } from 'vitest/config';

/**
 * Tests that start and end threads. V8 (of Node 24) loses track of its pages of compiled code then, once in a while, and
 * ends the process: nodejs/node#64500. It was not seen without V8's own threads and the protection of those pages.
 */
const THREADS = [
  'packages/core/src/websocket/duplex.test.ts',
  'packages/core/testing/store/{fleet,hybrid,registry,sqlite,store}-*.test.ts',
  'packages/core/testing/store/postgres-admin.test.ts',
  'packages/daemon/src/screen/screen-service.test.ts',
  'packages/daemon/src/server/auth/token-authenticator.test.ts',
  'packages/daemon/src/session/lost-answers.test.ts',
];

/** Tests of real processes that mostly wait: for leases, heartbeats and partitions, and for commands to start. */
const SIDE_BY_SIDE = [
  'tests/{attach,commands,drills,fleet,network,packaging,service}/**/*.test.ts',
  'tests/{docs-commands,deploy}.test.ts',
  'tests/daemon/{deaf-program,hybrid,idle,logs,metrics,reload,tokens}.test.ts',
  'tests/regressions/{devices-with-redis,second-server,stalled-redis}.test.ts',
];

export default defineConfig({
  ssr: { resolve: { conditions: ['@triterm/source', 'node'] } },
  test: {
    pool: 'forks',
    projects: [
      {
        extends: true,
        test: {
          name: 'units',
          include: ['packages/*/{src,testing}/**/*.test.{ts,tsx}', 'bench/**/*.test.ts'],
          exclude: THREADS,
          testTimeout: 30_000,
          hookTimeout: 30_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'threads',
          include: THREADS,
          execArgv: ['--no-memory-protection-keys', '--single-threaded'],
          testTimeout: 60_000,
          hookTimeout: 30_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'system',
          include: ['tests/**/*.test.ts'],
          exclude: SIDE_BY_SIDE,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          // Real processes take turns: two floods at once on a small machine would test the machine.
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'side-by-side',
          include: SIDE_BY_SIDE,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
