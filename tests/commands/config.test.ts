import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unknownVariables } from '@triterm/core/config/load';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Triterm } from '../support/triterm.ts';

let triterm: Triterm;
beforeEach(() => {
  triterm = new Triterm();
});
afterEach(() => triterm[Symbol.asyncDispose]());

const kept = () => readFileSync(join(triterm.dir, '.config/triterm/config.json'), 'utf8');

describe('triterm config', () => {
  it('needs no daemon and starts none', async () => {
    await triterm.ok('config', 'set', 'maxSessions', '1');
    await triterm.ok('config', 'show', '--origin');
    await triterm.ok('config', 'validate');
    await triterm.ok('config', 'get', 'maxSessions');
    expect(existsSync(triterm.stateDir)).toBe(false);
  });

  it('sets what a daemon that starts goes by', async () => {
    await triterm.ok('config', 'set', 'maxSessions', '1');
    await triterm.ok('new', '-d', '--', 'sleep', '1000');
    expect(await triterm.run(['new', '-d', '--', 'sleep', '1000'])).toMatchObject({
      exitCode: 7,
      stderr: expect.stringContaining('maxSessions'),
    });
  });

  it('finds what keeps a daemon from starting', async () => {
    const env = { TRITERM_LEASE_MS: '1' };
    const refused = await triterm.run(['daemon', 'start'], { env });
    const found = await triterm.run(['config', 'validate'], { env });
    expect([refused.exitCode, found.exitCode]).toEqual([2, 1]);
    for (const text of [refused.stderr, found.stdout]) expect(text).toContain('TRITERM_LEASE_MS: leaseMs');
  });

  it('asks for a secret in a terminal, and shows nothing of it', async () => {
    await using terminal = triterm.openShell('triterm config set redisPassword; stty -a; echo left-$?');
    await terminal.untilText('redisPassword:');
    terminal.type('hunter2\r');
    const { text } = await terminal.untilText('left-0');
    expect(text).not.toContain('hunter2');
    expect(text).toMatch(/ icanon .* echo /s);
    expect(JSON.parse(kept())).toEqual({ redisPassword: 'hunter2' });
  });
});

describe('a variable of triterm', () => {
  it('is known to `config validate`, wherever the sources name it', () => {
    const root = fileURLToPath(new URL('../../packages', import.meta.url));
    const names = new Set(
      readdirSync(root, { recursive: true, encoding: 'utf8' })
        .filter(path =>
          /^(?:core|cli|daemon)\/(?:src|bin|shell)\/.*\.(?:ts|tsx|cjs|bash|zsh|fish)$/.test(path),
        )
        .filter(path => !/\.test\.tsx?$|\/testing\//.test(path))
        .flatMap(path => readFileSync(join(root, path), 'utf8').match(/\bTRITERM_[A-Z_]*[A-Z]\b/g) ?? []),
    );
    expect(names).toContain('TRITERM_USER_ZDOTDIR');
    const env = Object.fromEntries([...names].map(name => [name, 'x']));
    expect(unknownVariables(env)).toEqual([]);
  });
});
