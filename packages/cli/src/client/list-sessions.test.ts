import type { SessionInfo } from '@triterm/core/domain';
import { describe, expect, it } from 'vitest';
import type { DaemonClient } from './daemon-client.ts';
import { listSessions } from './list-sessions.ts';

const session = (id: string, name = id) => ({ id, name }) as SessionInfo;

/** A daemon that answers with these pages, whatever it is asked. */
function answering(...pages: { sessions: SessionInfo[]; next?: string | null }[]) {
  const asked: unknown[] = [];
  const request = async (method: string, params: unknown, options: unknown) => {
    asked.push([method, params, options]);
    return pages[asked.length - 1] ?? pages.at(-1);
  };
  return { asked, client: { request } as unknown as DaemonClient };
}

describe('the list of sessions', () => {
  it('is one page, as a daemon of an earlier release has it', async () => {
    const { asked, client } = answering({ sessions: [session('a')] });
    expect(await listSessions(client)).toEqual([session('a')]);
    expect(asked).toEqual([['session.list', { all: false, page: { after: null } }, {}]]);
  });

  it('is all pages, each asked for behind the one before', async () => {
    const { asked, client } = answering(
      { sessions: [session('a'), session('b')], next: '1' },
      { sessions: [session('c'), session('a', 'anew')], next: '2' },
      { sessions: [], next: null },
    );
    expect(await listSessions(client, { all: true, timeoutMs: 300 })).toEqual([
      session('a', 'anew'),
      session('b'),
      session('c'),
    ]);
    expect(asked).toEqual(
      [null, '1', '2'].map(after => ['session.list', { all: true, page: { after } }, { timeoutMs: 300 }]),
    );
  });

  it('is given up when it has no end', async () => {
    const { client } = answering({ sessions: [session('a')], next: '1' });
    await expect(listSessions(client)).rejects.toMatchObject({ code: 'TOO_LARGE' });
  });
});
