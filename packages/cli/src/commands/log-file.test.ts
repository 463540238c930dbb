import { appendFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scratchDir } from '../testing/test-context.ts';
import { followLog, jsonLogLine, readLastLines } from './log-file.ts';

let scratch: ReturnType<typeof scratchDir>;
let log: string;
beforeEach(() => {
  scratch = scratchDir();
  log = `${scratch.path}/log`;
});
afterEach(() => scratch[Symbol.dispose]());

describe('the last lines', () => {
  it('are as many as are asked for, and where they end', () => {
    writeFileSync(log, 'one\ntwo\nthree\n');
    expect(readLastLines(log, 2)).toEqual({ lines: ['two', 'three'], endBytes: 14 });
    expect(readLastLines(log, 0)).toEqual({ lines: [], endBytes: 14 });
    expect(readLastLines(log, 100).lines).toEqual(['one', 'two', 'three']);
    writeFileSync(`${log}.1`, 'b\nc\n');
    writeFileSync(`${log}.2`, 'a\n');
    writeFileSync(`${log}.4`, 'of another time\n');
    expect(readLastLines(log, 100)).toEqual({ lines: ['a', 'b', 'c', 'one', 'two', 'three'], endBytes: 14 });
    expect(readLastLines(log, 4).lines).toEqual(['c', 'one', 'two', 'three']);
  });

  it('include one that is not ended, and none of an empty log', () => {
    writeFileSync(log, 'one\ntw');
    expect(readLastLines(log, 5).lines).toEqual(['one', 'tw']);
    writeFileSync(log, '');
    expect(readLastLines(log, 5)).toEqual({ lines: [], endBytes: 0 });
  });

  it('are found in a large log', () => {
    writeFileSync(log, Array.from({ length: 100_000 }, (_, index) => `line ${index} é\n`).join(''));
    expect(readLastLines(log, 3).lines).toEqual(['line 99997 é', 'line 99998 é', 'line 99999 é']);
  });

  it('say that there is no log', () => {
    expect(() => readLastLines(log, 1)).toThrow(expect.objectContaining({ code: 'DAEMON_UNREACHABLE' }));
  });
});

/** Follows the log while `steps` writes to it; `until` resolves when so many lines have come. */
async function follow(
  fromBytes: number,
  steps: (until: (count: number) => Promise<void>) => Promise<void>,
): Promise<string[]> {
  const lines: string[] = [];
  let wake = () => {};
  const stop = new AbortController();
  const following = followLog(
    log,
    fromBytes,
    line => {
      lines.push(line);
      wake();
    },
    stop.signal,
  );
  await steps(
    count =>
      new Promise(resolve => {
        wake = () => {
          if (lines.length >= count) resolve();
        };
        wake();
      }),
  );
  stop.abort();
  await following;
  return lines;
}

describe('a followed log', () => {
  it('gives what is added, line by line, and no half of one', async () => {
    writeFileSync(log, 'old\n');
    const lines = await follow(4, async until => {
      appendFileSync(log, 'one\ntw');
      await until(1);
      const bytes = Buffer.from('o é\nthree\n');
      // Between the two bytes of é.
      appendFileSync(log, bytes.subarray(0, 3));
      appendFileSync(log, bytes.subarray(3));
      await until(3);
    });
    expect(lines).toEqual(['one', 'two é', 'three']);
  });

  it('goes on with the new file when it is rotated, and loses nothing of the old one', async () => {
    writeFileSync(log, '');
    const lines = await follow(0, async until => {
      appendFileSync(log, 'one\n');
      await until(1);
      appendFileSync(log, 'two\n');
      renameSync(log, `${log}.1`);
      writeFileSync(log, 'three\n');
      await until(3);
      appendFileSync(log, 'four\n');
      await until(4);
    });
    expect(lines).toEqual(['one', 'two', 'three', 'four']);
  });

  it('begins again when it is truncated', async () => {
    writeFileSync(log, 'a long line that goes\n');
    const lines = await follow(22, async until => {
      truncateSync(log, 0);
      appendFileSync(log, 'new\n');
      await until(1);
    });
    expect(lines).toEqual(['new']);
  });

  it('waits for a new file when it is gone for a moment', async () => {
    writeFileSync(log, '');
    const lines = await follow(0, async until => {
      renameSync(log, `${log}.1`);
      appendFileSync(`${log}.1`, 'late\n');
      await until(1);
      writeFileSync(log, 'new\n');
      await until(2);
    });
    expect(lines).toEqual(['late', 'new']);
  });
});

describe('a line for a program', () => {
  it.each([
    ['{"level":"info","msg":"serving"}', '{"level":"info","msg":"serving"}'],
    ['Node.js v24', '{"msg":"Node.js v24"}'],
    ['"text"', '{"msg":"\\"text\\""}'],
    // Terminals take the one character for the two of \x1b[.
    ['{"msg":"a\u009b31mb"}', '{"msg":"a\\u009b31mb"}'],
  ])('is always a record: %s', (line, record) => expect(jsonLogLine(line)).toBe(record));
});
