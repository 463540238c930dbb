import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Screen, ScreenListener, ScreenOptions, Screens, ShellMark } from './screen.ts';
import { startScreens } from './screen-service.ts';

let base: string;
let screens: Screens;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'triterm-screens-'));
  screens = startScreens();
});
afterEach(async () => {
  await screens.close();
  rmSync(base, { recursive: true, force: true });
});

/** A screen with what it told, and a writer that keeps the offset. */
class Fixture implements ScreenListener {
  readonly screen: Screen;
  readonly answers: [number, string][] = [];
  readonly titles: [string, number][] = [];
  readonly cwds: string[] = [];
  readonly bells: number[] = [];
  readonly marks: ShellMark[] = [];
  readonly notifications: string[] = [];
  readonly troubles: string[] = [];
  readonly failures: Error[] = [];
  parsedThrough = 0;
  offset: number;
  #changed: (() => void)[] = [];

  constructor(on: Screens, options: Partial<ScreenOptions> = {}, offset = options.offset ?? 0) {
    this.offset = offset;
    this.screen = on.open(
      'session',
      {
        cols: 80,
        rows: 24,
        sizeGeneration: 1,
        offset,
        checkpoint: null,
        scrollbackLines: 10_000,
        historyDir: join(base, 'history'),
        ...options,
      },
      this,
    );
  }

  write(text: string): number {
    const bytes = Buffer.from(text);
    this.screen.write(this.offset, bytes);
    this.offset += bytes.length;
    return this.offset;
  }

  /** Resolves when what was told makes the condition true. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>(resolve => this.#changed.push(resolve));
  }

  async lines(scrollbackLines = 100_000): Promise<string[]> {
    const capture = await this.screen.capture({ ansi: false, scrollbackLines });
    return [...capture.scrollback, ...capture.screen].filter(line => line !== '');
  }

  answer(queryEnd: number, data: Uint8Array): void {
    this.answers.push([queryEnd, Buffer.from(data).toString('latin1')]);
    this.#tell();
  }
  title(title: string, offset: number): void {
    this.titles.push([title, offset]);
    this.#tell();
  }
  cwd(cwd: string): void {
    this.cwds.push(cwd);
    this.#tell();
  }
  bell(offset: number): void {
    this.bells.push(offset);
    this.#tell();
  }
  notification(body: string): void {
    this.notifications.push(body);
    this.#tell();
  }
  mark(mark: ShellMark): void {
    this.marks.push(mark);
    this.#tell();
  }
  parsed(offset: number): void {
    this.parsedThrough = offset;
    this.#tell();
  }
  failed(error: Error): void {
    this.failures.push(error);
    this.#tell();
  }
  trouble(message: string): void {
    this.troubles.push(message);
    this.#tell();
  }

  #tell(): void {
    for (const changed of this.#changed.splice(0)) changed();
  }
}

function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, at) => `line ${from + at}`);
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8');

describe('Screens', () => {
  it('shows in a capture what was written before it', async () => {
    const one = new Fixture(screens);
    one.write('hello\r\n\x1b[31mred\x1b[0m');
    const capture = await one.screen.capture({ ansi: false, scrollbackLines: 0 });
    expect(capture.screen.slice(0, 3)).toEqual(['hello', 'red', '']);
    expect(capture.screen).toHaveLength(24);
    expect(capture).toMatchObject({ offset: one.offset, cols: 80, rows: 24, cursor: { row: 1, col: 3 } });
    expect(one.screen.backlogBytes).toBe(0);
  });

  it('keeps the order of writes, resizes and requests', async () => {
    const one = new Fixture(screens);
    const captures = [];
    for (let at = 1; at <= 20; at += 1) {
      one.write(`${at}\r\n`);
      one.screen.resize(one.offset, { cols: 40 + at, rows: 30 }, at);
      captures.push(one.screen.capture({ ansi: false, scrollbackLines: 0 }));
    }
    for (const [at, capture] of (await Promise.all(captures)).entries()) {
      expect(capture.cols).toBe(41 + at);
      expect(capture.screen.filter(line => line !== '')).toHaveLength(at + 1);
    }
  });

  it('parses by itself when the output rests, and counts what is not parsed', async () => {
    const one = new Fixture(screens);
    one.write('x'.repeat(100));
    expect(one.screen.backlogBytes).toBe(100);
    await one.until(() => one.parsedThrough === one.offset);
    expect(one.screen.backlogBytes).toBe(0);
  });

  it('tells titles, directories, bells, notifications and marks with their places', async () => {
    const one = new Fixture(screens);
    one.write('abc');
    const title = one.write('\x1b]2;a title\x07');
    one.write('more');
    const started = one.write('\x1b]133;C\x07');
    const out = one.write('output');
    const finished = one.write('\x1b]133;D;7\x1b\\');
    one.write('rest\x07');
    await one.until(() => one.bells.length > 0 && one.marks.length === 2);
    expect(one.titles).toEqual([['a title', title]]);
    expect(one.marks[0]).toMatchObject({ kind: 'commandStarted', offset: started });
    expect(one.marks[1]).toEqual({ kind: 'commandFinished', offset: finished, endOffset: out, exitCode: 7 });
    expect(one.bells).toEqual([one.offset]);
  });

  it('answers queries at the place where they end, at once', async () => {
    const one = new Fixture(screens);
    one.write('some text');
    const queryEnd = one.write('\x1b[6n');
    one.write('more text');
    await one.until(() => one.answers.length === 1);
    expect(one.answers).toEqual([[queryEnd, '\x1b[1;10R']]);
  });

  it('continues from a checkpoint as if nothing had happened', async () => {
    const one = new Fixture(screens);
    one.write(`${numbered(0, 3000).join('\r\n')}\r\n`);
    const checkpoint = await one.screen.checkpoint();
    expect(checkpoint.offset).toBe(one.offset);
    const rest = `${numbered(3000, 5000).join('\r\n')}`;
    one.write(rest);
    expect(await one.lines()).toEqual(numbered(0, 5000));
    one.screen.close();

    const two = new Fixture(screens, { checkpoint: checkpoint.bytes, offset: checkpoint.offset });
    expect(await two.lines()).toEqual(numbered(0, 3000));
    two.write(rest);
    expect(await two.lines()).toEqual(numbered(0, 5000));
    await two.screen.checkpoint();
    expect(await two.lines()).toEqual(numbered(0, 5000));
  });

  it('makes lines anew that were packed after the checkpoint which it continues from', async () => {
    const one = new Fixture(screens);
    one.write(`${numbered(0, 2000).join('\r\n')}\r\n`);
    const old = await one.screen.checkpoint();
    const rest = numbered(2000, 6000).join('\r\n');
    one.write(rest);
    await one.screen.checkpoint();
    one.screen.close();
    const two = new Fixture(screens, { checkpoint: old.bytes, offset: old.offset });
    two.write(rest);
    await two.screen.checkpoint();
    expect(await two.lines()).toEqual(numbered(0, 6000));
  });

  it('tells the last shell marks again when it continues from a checkpoint', async () => {
    const one = new Fixture(screens);
    one.write('\x1b]133;A\x07$ \x1b]133;B\x07ls\r\n\x1b]133;C\x07');
    const checkpoint = await one.screen.checkpoint();
    const two = new Fixture(screens, { checkpoint: checkpoint.bytes, offset: checkpoint.offset });
    await two.until(() => two.marks.length === 3);
    expect(two.marks).toEqual(one.marks);
    expect(two.marks.at(-1)?.kind).toBe('commandStarted');
  });

  it('begins empty, and says so, when a checkpoint is damaged', async () => {
    const one = new Fixture(screens, { checkpoint: new Uint8Array([1, 2, 3]) });
    one.write('after');
    expect((await one.lines()).at(-1)).toBe('after');
    expect(one.troubles).toHaveLength(1);
  });

  it('paints history before the screen, as many lines as asked for', async () => {
    const one = new Fixture(screens);
    one.write(numbered(0, 5000).join('\r\n'));
    const paint = await one.screen.paint({ historyLines: 300 });
    expect(paint).toMatchObject({ offset: one.offset, cols: 80, rows: 24, sizeGeneration: 1 });
    const painted = text(paint.bytes).match(/line \d+/g);
    expect(painted?.[0]).toBe(`line ${5000 - 24 - 300}`);
    expect(painted).toHaveLength(324);
  });

  it('paints exactly the lines that scrolled by since an offset', async () => {
    const one = new Fixture(screens);
    const boundaries: number[] = [];
    for (const line of numbered(0, 3000)) boundaries.push(one.write(`${line}\r\n`));
    for (const at of [10, 100, 1500, 2900, 2990]) {
      const missedSince = boundaries[at] ?? 0;
      const paint = await one.screen.paint({ historyLines: 100_000, missedSince });
      const painted = text(paint.bytes).match(/line \d+/g) ?? [];
      // After line `at` was written, the cursor's row is the last; the top row shows the line 22 rows above it.
      expect(painted[0]).toBe(`line ${Math.max(0, Math.min(at - 22, 3000 - 23))}`);
      expect(painted.at(-1)).toBe('line 2999');
    }
  });

  it('says where it paints fewer lines of history than were asked for, and how many are left out', async () => {
    const one = new Fixture(screens);
    const long = numbered(0, 3000).map(line => line.padEnd(78, '.'));
    const at = one.write(`${long.slice(0, 100).join('\r\n')}\r\n`);
    one.write(long.slice(100).join('\r\n'));
    const shown = async (options: { historyLines: number; missedSince?: number }) => {
      const lines = text((await one.screen.paint(options)).bytes);
      const [, leftOut = '0'] = /(\d+) earlier lines: triterm capture --scrollback/.exec(lines) ?? [];
      return { leftOut: Number(leftOut), painted: lines.match(/line \d+/g)?.length ?? 0 };
    };
    const asked = await shown({ historyLines: 2000 });
    expect(asked.painted).toBeGreaterThan(700);
    expect(asked.leftOut).toBe(2000 + 24 - asked.painted);
    const missed = await shown({ historyLines: 100_000, missedSince: at });
    expect(missed.leftOut).toBe(3000 - (100 - 23) - missed.painted);
    expect(await shown({ historyLines: 300 })).toEqual({ leftOut: 0, painted: 324 });
  });

  it('paints no history on the alternate screen', async () => {
    const one = new Fixture(screens);
    one.write(`${numbered(0, 500).join('\r\n')}\x1b[?1049h\x1b[Hfull screen`);
    const paint = await one.screen.paint({ historyLines: 300 });
    expect(text(paint.bytes)).not.toContain('line 300');
  });

  it('forgets lines that the program erases, for later checkpoints too', async () => {
    const one = new Fixture(screens);
    one.write(`${numbered(0, 3000).join('\r\n')}`);
    await one.screen.checkpoint();
    one.write('\x1b[H\x1b[2J\x1b[3Jfresh');
    expect(await one.lines()).toEqual(['fresh']);
    const checkpoint = await one.screen.checkpoint();
    const two = new Fixture(screens, { checkpoint: checkpoint.bytes, offset: checkpoint.offset });
    expect(await two.lines()).toEqual(['fresh']);
  });

  it('shows a marker where output was lost', async () => {
    const one = new Fixture(screens);
    one.write('before\r\n');
    one.screen.gap(one.offset, one.offset + 5000);
    one.offset += 5000;
    one.write('after');
    const lines = await one.lines();
    expect(lines[0]).toBe('before');
    expect(lines[1]).toContain('5,000 bytes');
    expect(lines[2]).toBe('after');
  });

  it('searches scrollback and screen, oldest first', async () => {
    const one = new Fixture(screens);
    one.write(numbered(0, 5000).join('\r\n'));
    const { matches, truncated } = await one.screen.search('line \\d*99$', '', 1000);
    expect(truncated).toBe(false);
    expect(matches).toHaveLength(50);
    expect(matches[1]).toEqual({ line: 199, text: 'line 199', start: 0, end: 8 });
    expect(await one.screen.search('line', '', 10)).toMatchObject({ truncated: true });
    await expect(one.screen.search('(', '', 10)).rejects.toMatchObject({ code: 'BAD_PATTERN' });
    await expect(one.screen.match('[')).rejects.toMatchObject({ code: 'BAD_PATTERN' });
    expect(await one.screen.match('line 49\\d+')).toBe('line 4976');
    expect(await one.screen.match('line 12$')).toBeNull();
  });

  it('gives up a pattern that explodes while others are served', async () => {
    const one = new Fixture(screens);
    one.write('a'.repeat(40));
    const two = new Fixture(screens, { historyDir: null });
    const search = one.screen.search('(a+)+b', '', 10);
    two.write('quick');
    expect(await two.screen.match('qui')).toBe('qui');
    await expect(search).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  it('serves a quiet screen while another is flooded', async () => {
    const flooded = new Fixture(screens, { historyDir: null });
    const quiet = new Fixture(screens, { historyDir: null });
    quiet.write('quiet');
    await quiet.screen.paint({ historyLines: 100 });
    const chunk = Buffer.from(
      'some coloured \x1b[32moutput\x1b[0m of a build, line after line\r\n'.repeat(1100),
    );
    for (let at = 0; at < 500; at += 1) flooded.screen.write(at * chunk.length, chunk);
    const slow = flooded.screen.capture({ ansi: false, scrollbackLines: 0 });
    let worstMs = 0;
    for (let turn = 0; turn < 10; turn += 1) {
      const startedAtMs = performance.now();
      await quiet.screen.paint({ historyLines: 100 });
      worstMs = Math.max(worstMs, performance.now() - startedAtMs);
    }
    expect(flooded.screen.backlogBytes).toBeGreaterThan(10 * 1024 * 1024);
    // One slice of the flood, however busy the machine; all of it would take longer.
    expect(worstMs).toBeLessThan(2000);
    await slow;
    expect(flooded.screen.backlogBytes).toBe(0);
  });

  it('is full when 40 MB wait, and not when they are parsed', async () => {
    const one = new Fixture(screens, { historyDir: null });
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    for (let at = 0; at < 41; at += 1) one.screen.write(at * chunk.length, chunk);
    expect(one.screen.full).toBe(true);
    await one.screen.match('x');
    expect(one.screen.full).toBe(false);
  });

  it('tells every screen when the thread fails, and starts another for the next', async () => {
    const crash = new URL('data:text/javascript,setTimeout(() => { throw new Error("boom") }, 50)');
    const failing = startScreens({ worker: crash });
    const one = new Fixture(failing);
    const two = new Fixture(failing);
    const request = one.screen.capture({ ansi: false, scrollbackLines: 0 });
    await expect(request).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(one.failures).toHaveLength(1);
    expect(two.failures).toHaveLength(1);
    one.write('ignored');
    await expect(one.screen.match('x')).rejects.toMatchObject({ code: 'NO_SCREEN' });
    const three = new Fixture(failing);
    await three.until(() => three.failures.length === 1);
    await failing.close();
  });

  it('replaces a thread that is silent', async () => {
    const silent = startScreens({
      worker: new URL('data:text/javascript,setInterval(() => {}, 1000)'),
      silenceMs: 100,
    });
    const one = new Fixture(silent);
    await expect(one.screen.match('x')).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(one.failures).toHaveLength(1);
    await silent.close();
  });

  it('refuses requests of a closed screen', async () => {
    const one = new Fixture(screens);
    const request = one.screen.match('x');
    one.screen.close();
    await expect(request).rejects.toMatchObject({ code: 'NO_SCREEN' });
    await expect(one.screen.match('x')).rejects.toMatchObject({ code: 'NO_SCREEN' });
  });

  it('erases screen and history when told', async () => {
    const one = new Fixture(screens);
    one.write(numbered(0, 3000).join('\r\n'));
    await one.screen.checkpoint();
    await one.screen.discard();
    expect(await one.lines()).toEqual([]);
  });
});
