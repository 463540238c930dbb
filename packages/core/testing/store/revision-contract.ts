import { setImmediate as turn } from 'node:timers/promises';
import { newSessionId } from '@triterm/core/domain';
import type { Database } from '@triterm/core/store';
import { expect, it } from 'vitest';
import type { Opened } from './database-contract.ts';
import { exampleSession } from './session-examples.ts';

const ROOMY = { limit: 1000 };
/** What a writer may meet while others write the same session. */
const EXPECTED: ReadonlySet<unknown> = new Set(['SESSION_NOT_FOUND', 'NAME_TAKEN', 'STALE_REVISION']);

export function revisions({ database, another }: Opened): void {
  it('raises a session’s over delete, collection and creation, by several servers at once', async () => {
    const id = newSessionId();
    const servers = [database(), await another(), await another()];
    const revs: number[] = [];
    let highest = 0;
    /** A write that began after another was acknowledged has the higher revision. */
    const write = async (work: () => Promise<{ rev: number } | undefined>): Promise<void> => {
      const floor = highest;
      const written = await work().catch((error: unknown) => {
        if (!EXPECTED.has((error as { code?: unknown }).code)) throw error;
        return undefined;
      });
      if (written === undefined) return;
      expect(written.rev).toBeGreaterThan(floor);
      revs.push(written.rev);
      highest = Math.max(highest, written.rev);
    };
    const work = async (server: Database, name: string): Promise<void> => {
      for (let round = 0; round < 8; round += 1) {
        await write(() => server.create(exampleSession(name, { id }), ROOMY));
        await write(() => server.update(id, {}, { doc: { cols: round + 1 } }));
        await write(() => server.claim(id, {}, name, {}));
        await write(() => server.delete(id, {}));
        await server.collect(Date.now() + 60_000);
      }
    };
    await Promise.all(servers.map((server, i) => work(server, `server-${i}`)));
    await write(() => database().create(exampleSession('last', { id }), ROOMY));
    expect(revs.length).toBeGreaterThan(20);
    expect(new Set(revs).size).toBe(revs.length);
    expect((await database().read(id))?.rev).toBe(Math.max(...revs));
  });

  it('never shows a reader an older one than it has seen', async () => {
    const row = await database().create(exampleSession('work'), ROOMY);
    const [writers, reader] = [[database(), await another()], await another()];
    let writing = true;
    const watch = async (): Promise<number> => {
      let reads = 0;
      for (let seen = row.rev; writing; reads += 1) {
        const read = await reader.read(row.id);
        expect(read?.rev).toBeGreaterThanOrEqual(seen);
        seen = read?.rev ?? seen;
        // A read that is answered at once lets nobody else have a turn.
        await turn();
      }
      return reads;
    };
    const watching = watch();
    await Promise.all(
      writers.map(async writer => {
        for (let cols = 1; cols <= 25; cols += 1) await writer.update(row.id, {}, { doc: { cols } });
      }),
    ).finally(() => {
      writing = false;
    });
    expect(await watching).toBeGreaterThan(0);
  });
}
