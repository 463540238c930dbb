import { exampleDoc } from '@triterm/core/testing/store/session-examples';
import { expect, it } from 'vitest';
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
