import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { History } from './history.ts';

let base: string;
let dir: string;
let troubles: string[];

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'triterm-history-'));
  dir = join(base, 'history');
  troubles = [];
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

function open(options: Partial<ConstructorParameters<typeof History>[0]> = {}): History {
  return new History({
    dir,
    keepLines: 10_000,
    packedBelow: 0,
    floor: 0,
    trouble: message => troubles.push(message),
    ...options,
  });
}

function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, at) => `line ${from + at}`);
}

function all(history: History): string[] {
  return [...history.batches(0)].flatMap(batch => [...batch.lines]);
}

function last(history: History, lines: number): string[] {
  const newest = [...history.newestFirst(0, history.end)].slice(0, lines);
  return newest.map(({ text }) => text).reverse();
}

function segments(): string[] {
  return existsSync(dir) ? readdirSync(dir).sort() : [];
}

/** Lines that can't be packed smaller. */
function noise(lines: number): string[] {
  return Array.from({ length: lines }, () => randomBytes(500).toString('base64'));
}

describe('History', () => {
  describe('bounded in bytes', () => {
    const keepBytes = 256 * 1024;
    const onDisk = () => segments().reduce((sum, name) => sum + statSync(join(dir, name)).size, 0);

    it('deletes the oldest segments and keeps the last lines with their numbers', () => {
      const history = open({ keepBytes });
      const lines = noise(4000);
      for (let from = 0; from < lines.length; from += 100) {
        history.append(lines.slice(from, from + 100));
        expect(onDisk()).toBeLessThanOrEqual(keepBytes);
      }
      expect(onDisk()).toBeGreaterThan(keepBytes / 2);
      expect(history.end).toBe(4000);
      expect(last(history, 50)).toEqual(lines.slice(-50));
      const [first] = history.batches(0);
      expect(first?.lines[0]).toBe(lines[first?.first ?? 0]);
    });

    it('finds what an earlier one has left, and bounds that too', () => {
      const before = open();
      before.append(noise(2000));
      before.close();
      const after = open({ keepBytes, packedBelow: 2000 });
      after.append(['last']);
      expect(onDisk()).toBeLessThanOrEqual(keepBytes);
      expect(last(after, 1)).toEqual(['last']);
    });

    it('bounds what stays in memory', () => {
      const history = open({ dir: null, keepBytes });
      const lines = noise(4000);
      for (let from = 0; from < lines.length; from += 100) history.append(lines.slice(from, from + 100));
      const kept = all(history);
      expect(kept.length).toBeGreaterThan(100);
      expect(Buffer.byteLength(kept.join(''))).toBeLessThan(2 * keepBytes);
      expect(kept.at(-1)).toBe(lines.at(-1));
    });
  });

  it('gives the last lines with their numbers, the newest first, from one on and before another', () => {
    const history = open();
    history.append(numbered(0, 5000));
    history.append(['last']);
    expect(history.end).toBe(5001);
    expect(last(history, 3)).toEqual(['line 4998', 'line 4999', 'last']);
    expect([...history.newestFirst(4999, 9999)]).toEqual([
      { number: 5000, text: 'last' },
      { number: 4999, text: 'line 4999' },
    ]);
    expect([...history.newestFirst(5001, 9999)]).toEqual([]);
    for (const before of [1, 255, 256, 257, 4999, 5000, 5001]) {
      const [newest, ...others] = history.newestFirst(0, before);
      expect(newest?.number).toBe(before - 1);
      expect(others.map(({ number }) => number)).toEqual(
        Array.from({ length: before - 1 }, (_, at) => before - 2 - at),
      );
    }
    expect([...history.newestFirst(300, 302)].map(({ text }) => text)).toEqual(['line 301', 'line 300']);
    expect([...history.newestFirst(0, 0)]).toEqual([]);
    history.close();
  });

  it('numbers what batches hold', () => {
    const history = open();
    history.append(numbered(0, 4500));
    for (const batch of history.batches(1234)) {
      batch.lines.forEach((line, at) => {
        expect(line).toBe(`line ${batch.first + at}`);
      });
    }
    expect([...history.batches(1234)][0]?.first).toBe(1234);
    history.close();
  });

  it('keeps files for the owner alone', async () => {
    const history = open();
    history.append(numbered(0, 10));
    await history.sync();
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    for (const name of segments()) expect(statSync(join(dir, name)).mode & 0o777).toBe(0o600);
    history.close();
  });

  it('neither makes nor changes anything on disk before a line is added', () => {
    last(open(), 10);
    expect(segments()).toEqual([]);
    const first = open();
    first.append(numbered(0, 100));
    first.append(numbered(100, 200));
    first.close();
    const before = readFileSync(join(dir, segments()[0] ?? ''));
    const second = open({ packedBelow: 100 });
    expect(all(second)).toEqual(numbered(0, 100));
    second.close();
    expect(readFileSync(join(dir, segments()[0] ?? ''))).toEqual(before);
  });

  it('deletes the oldest lines with their segment', () => {
    const history = open({ keepLines: 4000 });
    for (let from = 0; from < 20_000; from += 500) history.append(numbered(from, from + 500));
    expect(all(history).length).toBeGreaterThanOrEqual(4000);
    expect(all(history).length).toBeLessThan(6000);
    expect(all(history).at(-1)).toBe('line 19999');
    expect(segments().length).toBeLessThanOrEqual(6);
    history.close();
  });

  it('keeps no line when none is to be kept', () => {
    const history = open({ keepLines: 0 });
    history.append(numbered(0, 100));
    expect(history.end).toBe(100);
    expect(all(history)).toEqual([]);
    expect(segments()).toEqual([]);
  });

  it('raises the floor at once and deletes erased files when told', async () => {
    const history = open();
    history.append(numbered(0, 100));
    await history.sync();
    const erased = segments();
    history.erase();
    expect(history.floor).toBe(100);
    expect(all(history)).toEqual([]);
    history.append(numbered(100, 120));
    expect(segments()).toEqual(expect.arrayContaining(erased));
    history.settle();
    expect(segments()).toHaveLength(1);
    expect(all(history)).toEqual(numbered(100, 120));
    history.close();
    const again = open({ packedBelow: 120, floor: 100 });
    expect(all(again)).toEqual(numbered(100, 120));
  });

  it('shows erased lines again to a restore from before the erasure', () => {
    const history = open();
    history.append(numbered(0, 100));
    history.erase();
    history.append(numbered(100, 130));
    history.close();
    const again = open({ packedBelow: 100, floor: 0 });
    expect(all(again)).toEqual(numbered(0, 100));
    again.append(['remade']);
    expect(last(again, 1)).toEqual(['remade']);
    again.close();
  });

  it('cuts a torn tail and goes on behind what is sound', () => {
    const history = open();
    history.append(numbered(0, 100));
    history.append(numbered(100, 200));
    history.close();
    const file = join(dir, segments()[0] ?? '');
    truncateSync(file, statSync(file).size - 5);
    const again = open({ packedBelow: 200 });
    expect(all(again)).toEqual(numbered(0, 100));
    again.append(numbered(200, 210));
    again.close();
    expect(all(open({ packedBelow: 210 }))).toEqual([...numbered(0, 100), ...numbered(200, 210)]);
  });

  it('leaves out a batch whose content was damaged', () => {
    const history = open();
    for (let from = 0; from < 300; from += 100) history.append(numbered(from, from + 100));
    history.close();
    const file = join(dir, segments()[0] ?? '');
    const bytes = readFileSync(file);
    bytes[40] = (bytes[40] ?? 0) ^ 0xff;
    writeFileSync(file, bytes);
    expect(all(open({ packedBelow: 300 }))).toEqual(numbered(100, 300));
  });

  it('follows no link', () => {
    const victim = join(base, 'victim');
    writeFileSync(victim, 'precious');
    const history = open();
    history.append(numbered(0, 10));
    history.close();
    const name = segments()[0] ?? '';
    rmSync(join(dir, name));
    symlinkSync(victim, join(dir, name));
    const again = open({ packedBelow: 10 });
    again.append(numbered(10, 20));
    expect(readFileSync(victim, 'utf8')).toBe('precious');
    expect(all(again)).toEqual(numbered(10, 20));
  });

  it('goes on in memory, and says so once, when the directory is not safe', () => {
    const history = open();
    history.append(numbered(0, 10));
    history.close();
    chmodSync(dir, 0o755);
    const again = open({ packedBelow: 10, keepLines: 1000 });
    for (const name of segments()) rmSync(join(dir, name));
    again.append(numbered(10, 20));
    again.append(numbered(20, 30));
    expect(all(again)).toEqual(numbered(10, 30));
    expect(troubles).toHaveLength(1);
  });

  it('keeps lines in memory when it has no directory', () => {
    const history = open({ dir: null });
    history.append(numbered(0, 3000));
    expect(all(history)).toEqual(numbered(0, 3000));
    history.erase();
    expect(all(history)).toEqual([]);
  });

  it('loses and repeats no line over any sequence of appends, checkpoints, cuts and restores', async () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant('append' as const),
          lines: fc.integer({ min: 1, max: 1500 }),
        }),
      },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('checkpoint' as const) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('erase' as const) }) },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant('crash' as const),
          torn: fc.integer({ min: 0, max: 4000 }),
        }),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async steps => {
        rmSync(dir, { recursive: true, force: true });
        let history = open({ keepLines: 1_000_000 });
        let saved = { packedBelow: 0, floor: 0 };
        for (const next of steps) {
          if (next.kind === 'append') history.append(numbered(history.end, history.end + next.lines));
          if (next.kind === 'erase') history.erase();
          if (next.kind === 'checkpoint') {
            saved = { packedBelow: history.end, floor: history.floor };
            await history.sync();
            history.settle();
          }
          if (next.kind === 'crash') {
            const end = history.end;
            history.close();
            tear(end === saved.packedBelow ? 0 : next.torn, saved.packedBelow);
            history = open({ keepLines: 1_000_000, ...saved });
          }
          expect(all(history)).toEqual(numbered(history.floor, history.end));
        }
        history.close();
      }),
      {
        numRuns: 60,
        // The second segment has the name of the first, which was erased.
        examples: [
          [
            [
              { kind: 'append', lines: 1 },
              { kind: 'crash', torn: 0 },
              { kind: 'erase' },
              { kind: 'append', lines: 1 },
              { kind: 'checkpoint' },
            ],
          ],
        ],
      },
    );
  });
});

/** Takes bytes from the end of the last file, but none of a batch that a checkpoint relies on. */
function tear(bytes: number, packedBelow: number): void {
  const name = segments().at(-1);
  if (name === undefined || bytes === 0) return;
  const file = join(dir, name);
  const content = readFileSync(file);
  let sound = 0;
  while (sound + 32 <= content.length) {
    const lines = content.readUInt32BE(sound + 4);
    const first = Number(content.readBigUInt64BE(sound + 8));
    if (first + lines > packedBelow) break;
    sound += 32 + content.readUInt32BE(sound + 20);
  }
  truncateSync(file, Math.max(sound, content.length - bytes));
}
