import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServedDaemon, type ServedDaemonOptions } from '../testing/served-daemon.ts';
import { sessionInfo } from '../testing/session-info.ts';
import { scratchDir, type TestContext, testContext } from '../testing/test-context.ts';
import { bashLines, complete } from './complete.ts';

let scratch: ReturnType<typeof scratchDir>;
let context: TestContext;
beforeEach(() => {
  scratch = scratchDir();
  context = testContext(scratch.path);
});
afterEach(() => scratch[Symbol.dispose]());

async function printed(argv: readonly string[], options?: ServedDaemonOptions): Promise<string> {
  await using _daemon = options === undefined ? undefined : await ServedDaemon.start(context.paths, options);
  expect(await complete(argv, context)).toBe(0);
  expect(context.err.text).toBe('');
  return context.out.text;
}

const SESSIONS = { answers: { 'session.list': () => ({ sessions: [sessionInfo({ name: 'work' })] }) } };

describe('what completion scripts are told', () => {
  it('is of which kind the rest is, and a word a line', async () => {
    expect(await printed(['fish', 'attach', ''], SESSIONS)).toBe('words\nwork\trunning bash /tmp\n');
    context = testContext(scratch.path);
    expect(await printed(['bash', ' =:', 'triterm attach w'], SESSIONS)).toBe('words\nwork\n');
  });

  it('is that another word goes on behind =', async () => {
    expect(await printed(['zsh', 'ls', '--filter', ''])).toMatch(/^nospace\nname=\n/);
  });

  it('is where directories and other commands begin', async () => {
    expect(await printed(['zsh', 'new', '--cwd=x'])).toBe('directories\n--cwd=\n');
    context = testContext(scratch.path);
    expect(await printed(['zsh', 'new', '--', ''])).toBe('command\n2\n');
    context = testContext(scratch.path);
    expect(await printed(['bash', '=', 'triterm new --cwd ./'])).toBe('directories\n');
  });

  it('is nothing where there is nothing', async () => {
    expect(await printed(['bash', '=', 'triterm attach '])).toBe('');
    expect(await printed(['zsh', 'nonsense', ''])).toBe('');
  });

  it.each<[string, ServedDaemonOptions]>([
    ['hangs', { manner: 'silent' }],
    ['hangs up', { manner: 'closing' }],
    ['speaks another protocol', { protocol: { min: 98, max: 99 } }],
    ['knows no list', {}],
    ['answers no more', { answers: { 'session.list': () => new Promise(() => {}) } }],
  ])('is nothing, quietly and soon, when the daemon %s', async (_, options) => {
    expect(await printed(['fish', 'attach', ''], options)).toBe('');
  });

  it('starts no daemon', async () => {
    expect(await printed(['fish', 'attach', ''])).toBe('');
    expect(readdirSync(scratch.path)).toEqual([]);
  });
});

describe('words for bash', () => {
  const words = (...list: string[]) => ({ kind: 'words' as const, words: list.map(word => ({ word })) });

  it('are those that fit', () => {
    expect(bashLines(words('work', 'build'), 'w', '=:')).toEqual(['words', 'work']);
    expect(bashLines(words('work', 'build'), 'x', '=:')).toEqual([]);
  });

  it('are without what stands before the last word break', () => {
    expect(bashLines(words('--policy=latest'), '--policy=la', ' =:')).toEqual(['words', 'latest']);
    expect(bashLines(words('--policy=latest'), '--policy=', ' =:')).toEqual(['words', 'latest']);
    expect(bashLines(words('--policy=latest'), '--policy=la', ' ')).toEqual(['words', '--policy=latest']);
    expect(bashLines(words('a=b:c'), 'a=b:', '=:')).toEqual(['words', 'c']);
  });
});
