import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scratchDir, testContext } from '../testing/test-context.ts';
import { command, createRequests } from './new.ts';
import { parseLine } from './parse-line.ts';

let scratch: ReturnType<typeof scratchDir>;
beforeEach(() => {
  scratch = scratchDir();
});
afterEach(() => scratch[Symbol.dispose]());

function requests(argv: string[], terminal?: { columns: number; rows: number }) {
  const line = parseLine('new', command.spec, argv);
  if (line === 'help') throw new Error('it is help');
  const context = testContext(scratch.path, terminal === undefined ? {} : { terminal });
  if (terminal !== undefined) Object.assign(context.out, terminal);
  return createRequests(line as unknown as Parameters<typeof createRequests>[0], context);
}

describe('what is asked for by `triterm new`', () => {
  it('is a shell, here, with the environment of the client', () => {
    expect(requests([])).toEqual([
      {
        cwd: scratch.path,
        environment: { HOME: scratch.path, TRITERM_STATE_DIR: scratch.path },
        idempotencyKey: expect.stringMatching(/^[0-9a-f]{32}$/),
      },
    ]);
  });

  it('has the size of the terminal, where there is one and nothing else is said', () => {
    expect(requests([], { columns: 100, rows: 30 })).toMatchObject([{ size: { cols: 100, rows: 30 } }]);
    expect(requests(['--size', '20x10'], { columns: 100, rows: 30 })).toMatchObject([
      { size: { cols: 20, rows: 10 } },
    ]);
    // A terminal whose size is not known says 0.
    expect(requests([], { columns: 0, rows: 0 })[0]).not.toHaveProperty('size');
  });

  it('takes a directory from where it is called', () => {
    expect(requests(['--cwd', '/usr'])).toMatchObject([{ cwd: '/usr' }]);
    expect(requests(['--cwd', 'a/../b'])).toMatchObject([{ cwd: `${scratch.path}/b` }]);
    // Not made shorter: `..` behind a symlink leads elsewhere.
    expect(requests(['--cwd', '/a/../b'])).toMatchObject([{ cwd: '/a/../b' }]);
  });

  it('has a key of its own for each of many, and numbers their names', () => {
    const many = requests(['--count', '3', '-n', 'x', '--', 'cat', '-']);
    expect(many).toMatchObject([{ name: 'x-1' }, { name: 'x-2' }, { name: 'x-3' }]);
    expect(new Set(many.map(params => params.idempotencyKey)).size).toBe(3);
    expect(many.every(params => params.argv?.join(' ') === 'cat -')).toBe(true);
  });

  it('has variables on top, and labels', () => {
    expect(requests(['--env', 'A=1', '--env', 'B=x=y', '--label', 't=w'])).toMatchObject([
      { extraEnvironment: { A: '1', B: 'x=y' }, labels: { t: 'w' } },
    ]);
  });
});
