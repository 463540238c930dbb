import { describe, expect, it } from 'vitest';
import type { Pty } from '../pty/pty.ts';
import { Flow } from './flow.ts';

const KIB = 1024;

function setUp(toldFloor: number | null = null) {
  const members: { floor: number | undefined; paceThrough: number | undefined }[] = [];
  const told: [floor: number | null, pace: number | null][] = [];
  const pty = {
    info: { floor: toldFloor },
    flow: (floor: number | null, pace: number | null) => told.push([floor, pace]),
  };
  const flow = new Flow(pty as unknown as Pty, () => members);
  const turn = async () => {
    flow.changed();
    flow.changed();
    await new Promise(resolve => setImmediate(resolve));
  };
  return { flow, members, told, turn };
}

describe('the flow of a PTY', () => {
  it('follows whoever needs the oldest bytes, and the slowest that paces', async () => {
    const { members, told, turn } = setUp();
    members.push({ floor: 500, paceThrough: undefined }, { floor: 100, paceThrough: 9000 });
    members.push({ floor: undefined, paceThrough: 8000 });
    await turn();
    expect(told).toEqual([[100, 8000]]);
  });

  it('is told in steps, and at once when a limit comes or goes', async () => {
    const { members, told, turn } = setUp();
    members.push({ floor: 0, paceThrough: 4096 * KIB });
    await turn();
    members[0] = { floor: 64 * KIB, paceThrough: 4160 * KIB };
    await turn();
    expect(told).toHaveLength(1);
    members[0] = { floor: 128 * KIB, paceThrough: 4224 * KIB };
    await turn();
    expect(told).toHaveLength(2);
    members.pop();
    await turn();
    expect(told.at(-1)).toEqual([null, null]);
  });

  it('leaves the floor of a daemon that died until somebody has another', async () => {
    const { told, turn, members } = setUp(700);
    members.push({ floor: 700, paceThrough: undefined });
    await turn();
    expect(told).toEqual([]);
  });

  it('knows when the program is held, or about to be', async () => {
    const { flow, members, turn } = setUp();
    members.push({ floor: 0, paceThrough: 1024 * KIB });
    await turn();
    expect(flow.paceReached(512 * KIB)).toBe(false);
    expect(flow.paceReached(800 * KIB)).toBe(true);
  });
});
