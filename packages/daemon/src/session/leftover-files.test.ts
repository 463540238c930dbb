import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newSessionId } from '@triterm/core/domain';
import type { SessionRecord } from '@triterm/core/store';
import { exampleRow } from '@triterm/core/testing/store/session-examples';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { removeLeftoverFiles } from './leftover-files.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'triterm-leftovers-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const ownedBy = (id: string, ownerServer: string): SessionRecord => exampleRow({ id, ownerServer });

it('removes what moved and deleted sessions have left, and nothing else', async () => {
  const [moved, deleted, own, former, unknown, used] = Array.from({ length: 6 }, newSessionId);
  if (!moved || !deleted || !own || !former || !unknown || !used) throw new Error('six ids');
  for (const name of [moved, deleted, own, former, unknown, used, 'notes']) mkdirSync(join(dir, name));
  const records = new Map<string, SessionRecord>([
    [moved, ownedBy(moved, 'there')],
    [deleted, { id: deleted, rev: 2, deleted: true }],
    [own, ownedBy(own, 'here')],
    [former, ownedBy(former, 'here-before')],
    [used, ownedBy(used, 'there')],
  ]);
  const discarded: string[] = [];
  await removeLeftoverFiles({
    sessionsDir: dir,
    database: { read: async id => records.get(id) },
    ownIds: new Set(['here', 'here-before']),
    isUsed: ptyId => ptyId === used,
    discard: async ptyId => void discarded.push(ptyId),
  });
  expect(new Set(discarded)).toEqual(new Set([moved, deleted]));
});

it('has nothing to do before there is a directory', async () => {
  await removeLeftoverFiles({
    sessionsDir: join(dir, 'none'),
    database: { read: async () => undefined },
    ownIds: new Set(),
    isUsed: () => false,
    discard: () => Promise.reject(new Error('there is nothing')),
  });
});
