import { defineConfig } from 'vitest/config';

export default defineConfig({
  ssr: { resolve: { conditions: ['@triterm/source', 'node'] } },
  test: {
    pool: 'forks',
    // Where the processor has protection keys, V8 (of Node 24) loses track of code pages when many threads come and go, as in
    // these tests, and ends the process: nodejs/node#64500.
    execArgv: ['--no-memory-protection-keys'],
    projects: [
      {
        extends: true,
        test: {
          name: 'units',
          include: ['packages/*/{src,testing}/**/*.test.{ts,tsx}', 'bench/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'system',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/fleet/**', 'tests/network/**'],
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
          name: 'fleet',
          include: ['tests/{fleet,network}/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          // They mostly wait: for leases, heartbeats and partitions.
          maxWorkers: 2,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
