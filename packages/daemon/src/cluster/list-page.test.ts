import type { SessionInfo } from '@triterm/core/domain';
import { encodeControl, MAX_PAYLOAD_BYTES } from '@triterm/core/protocol';
import { describe, expect, it } from 'vitest';
import { pageOf } from './list-page.ts';

const session = (id: string, createdAt: number, labels: Record<string, string> = {}) =>
  ({ id, createdAt: new Date(createdAt).toISOString(), labels }) as SessionInfo;
const SIZE = Buffer.byteLength(JSON.stringify(session('a', 0))) + 1;

/** All pages, as whoever asks for one after the other gets them. */
function pages(sessions: () => readonly SessionInfo[], pageBytes?: number): string[][] {
  const got: string[][] = [];
  let after: string | null = null;
  do {
    const page: ReturnType<typeof pageOf> = pageOf(sessions(), after, pageBytes);
    got.push(page.sessions.map(({ id }) => id));
    after = page.next ?? null;
  } while (after !== null && got.length < 100);
  return got;
}

describe('a page of the list', () => {
  it('has all of it where that fits', () => {
    expect(pages(() => [])).toEqual([[]]);
    expect(pages(() => [session('a', 1), session('b', 2)], 2 * SIZE)).toEqual([['a', 'b']]);
  });

  it('is as long as it may be, and the next one begins behind it, oldest first', () => {
    const all = [session('e', 5), session('b', 1), session('a', 1), session('d', 3), session('c', 2)];
    expect(pages(() => all, 2 * SIZE)).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  });

  it('has one at least', () => {
    expect(pages(() => [session('a', 1), session('b', 2)], 1)).toEqual([['a'], ['b']]);
  });

  it('misses none and has none twice of what is there all the time, while others come and go', () => {
    const all = ['a', 'b', 'c', 'd', 'e', 'f'].map((id, at) => session(id, at));
    let asked = 0;
    const changing = () => {
      asked += 1;
      if (asked === 2) return [session('z', -1), ...all.filter(({ id }) => id !== 'b')];
      return asked > 2 ? [...all.filter(({ id }) => id !== 'd'), session('g', 9)] : all;
    };
    expect(pages(changing, 2 * SIZE).flat()).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
  });

  it('fits into one message, whatever its sessions are called', () => {
    const labels = Object.fromEntries(
      Array.from({ length: 64 }, (_, at) => [`${at}`.padEnd(64, 'é'), '\u0001'.repeat(256)]),
    );
    const all = Array.from({ length: 200 }, (_, at) => session(`s${at}`, at, labels));
    expect(() => encodeControl(0, { id: 1, result: { sessions: all } })).toThrow(/possible/);
    const first = pageOf(all, null);
    expect(first.sessions.length).toBeLessThan(all.length);
    const message = encodeControl(0, { id: Number.MAX_SAFE_INTEGER, result: first });
    expect(message.length).toBeGreaterThan(0.9 * MAX_PAYLOAD_BYTES);
    expect(pages(() => all).flat()).toEqual(all.map(({ id }) => id));
  });
});
