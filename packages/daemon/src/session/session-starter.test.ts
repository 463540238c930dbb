import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exampleDoc } from '@triterm/core/testing/store/session-examples';
import { expect, it, vi } from 'vitest';
import type { Launch } from './launch/index.ts';
import type { Session } from './session.ts';
import type { PtyHolder } from './session-files.ts';
import { SessionStarter, type SessionStarterDependencies } from './session-starter.ts';

it('keeps whose a PTY is before it is there: its row may be gone before its server is back', async () => {
  const done: string[] = [];
  const starter = new SessionStarter({
    hosts: {
      spawn: async () => {
        done.push('spawned');
        throw new Error('no host');
      },
    },
    config: {},
  } as unknown as SessionStarterDependencies);
  const session = {
    ...{ id: '0a0a0a0a0a0a', userId: 'anna', ptyId: '0b0b0b0b0b0b', row: { doc: exampleDoc() } },
    spawning: (started: Promise<void>) => void started.catch(() => {}),
    files: { keepHolder: async ({ id, userId }: PtyHolder) => void done.push(`${id} of ${userId}`) },
  } as unknown as Session;
  await expect(starter.spawn(session, {} as Launch, undefined)).rejects.toThrow('no host');
  expect(done).toEqual(['0a0a0a0a0a0a of anna', 'spawned']);
});

it('says in the log how a session starts otherwise than it is configured', async () => {
  const warned: unknown[] = [];
  const starter = new SessionStarter({
    config: { term: 'no-such-terminal', shell: '/bin/sh', refreshEnvironment: [], dropEnvironment: [] },
    log: { warn: (fields: unknown) => void warned.push(fields) },
  } as unknown as SessionStarterDependencies);
  const dir = mkdtempSync(join(tmpdir(), 'tt-starter-'));
  try {
    const environment = { PATH: process.env.PATH ?? '', HOME: dir };
    const request = { argv: ['sh'], cwd: dir, environment, extraEnvironment: {} };
    await starter.prepare({ id: '0a0a0a0a0a0a', name: 'work', dir }, request);
  } finally {
    rmSync(dir, { recursive: true });
  }
  expect(warned).toEqual([
    { session: '0a0a0a0a0a0a', name: 'work', note: expect.stringContaining('no-such-terminal') },
  ]);
});

it('ends a program that it has started and cannot follow', async () => {
  const done: string[] = [];
  const pty = {
    ...{ pid: 1, hostId: 'h' },
    signal: async (name: string) => void done.push(name),
    forget: async () => void done.push('forgotten'),
  };
  const starter = new SessionStarter({
    hosts: { spawn: async () => pty },
    config: {},
  } as unknown as SessionStarterDependencies);
  starter.follow = () => Promise.reject(new Error('no stream'));
  const session = {
    ...{ row: { doc: exampleDoc() }, learn: () => {}, leave: () => void done.push('left') },
    ...{ spawning: (started: Promise<void>) => void started.catch(() => {}) },
    files: { keepHolder: async () => {} },
  } as unknown as Session;
  await expect(starter.spawn(session, {} as Launch, undefined)).rejects.toThrow('no stream');
  await vi.waitFor(() => expect(done).toEqual(['left', 'SIGKILL', 'forgotten']));
});
