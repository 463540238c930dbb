import { describe, expect, it } from 'vitest';
import { captureSession } from './capture-session.ts';
import type { DaemonClient } from './daemon-client.ts';

/** A daemon whose session has lines 0 to 9, of which two fit into a message. */
function daemon(shown: { pageLines?: number; says?: boolean } = {}) {
  const { pageLines = 2, says = true } = shown;
  const asked: unknown[] = [];
  const client = {
    request: async (_: string, params: { scrollbackLines: number; before?: number }) => {
      asked.push(params);
      const { scrollbackLines, before = 10 } = params;
      const lowest = scrollbackLines < 0 ? 0 : Math.max(0, before - scrollbackLines);
      const firstLine = Math.max(lowest, before - pageLines);
      const scrollback = Array.from({ length: before - firstLine }, (_, at) => `${firstLine + at}`);
      const page = { firstLine: scrollback.length === 0 ? null : firstLine, more: firstLine > lowest };
      return { scrollback, screen: [`screen ${asked.length}`], ...(says ? page : {}) };
    },
  };
  return { asked, client: client as unknown as DaemonClient };
}
const of = (scrollbackLines: number) => ({ target: 'work', format: 'text' as const, scrollbackLines });

describe('the capture of a session', () => {
  it('is the screen as of the first answer, below all lines, page by page', async () => {
    const { asked, client } = daemon();
    expect(await captureSession(client, of(-1))).toEqual({
      scrollback: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
      screen: ['screen 1'],
    });
    expect(asked).toEqual([of(-1), ...[8, 6, 4, 2].map(before => ({ ...of(-1), before }))]);
  });

  it('has no more lines than were asked for', async () => {
    const { asked, client } = daemon();
    expect((await captureSession(client, of(5))).scrollback).toEqual(['5', '6', '7', '8', '9']);
    expect(asked).toEqual([of(5), { ...of(3), before: 8 }, { ...of(1), before: 6 }]);
    for (const lines of [0, 1, 2]) {
      const few = daemon();
      expect((await captureSession(few.client, of(lines))).scrollback).toHaveLength(lines);
      expect(few.asked).toHaveLength(1);
    }
  });

  it('is one answer of a daemon of an earlier release', async () => {
    const { asked, client } = daemon({ says: false });
    expect((await captureSession(client, of(-1))).scrollback).toEqual(['8', '9']);
    expect(asked).toHaveLength(1);
  });

  it('ends where the older lines are gone meanwhile', async () => {
    let asked = 0;
    const answers = [
      { scrollback: ['b'], screen: [], firstLine: 1, more: true },
      { scrollback: [], screen: [], firstLine: null, more: false },
    ];
    const client = { request: async () => answers[asked++] } as unknown as DaemonClient;
    expect((await captureSession(client, of(-1))).scrollback).toEqual(['b']);
    expect(asked).toBe(2);
  });
});
