import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseTerm } from './terminfo.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'triterm-terminfo-'));
  for (const path of ['system/x/xterm', 'own/.terminfo/f/foot', 'hex/66/fancy']) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), '');
  }
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const choose = (term: string, env: Record<string, string> = {}): ReturnType<typeof chooseTerm> =>
  chooseTerm(term, { HOME: join(root, 'none'), ...env }, [join(root, 'system')]);

describe('TERM', () => {
  it('is as configured when it is described, wherever that is', () => {
    expect(choose('xterm')).toEqual({ term: 'xterm', note: null });
    expect(choose('foot', { HOME: join(root, 'own') })).toEqual({ term: 'foot', note: null });
    expect(choose('fancy', { TERMINFO: join(root, 'hex') })).toEqual({ term: 'fancy', note: null });
    expect(choose('fancy', { TERMINFO_DIRS: `/none:${join(root, 'hex')}` })).toEqual({
      term: 'fancy',
      note: null,
    });
  });

  it('falls back to what is described, and says so', () => {
    expect(choose('xterm-256color')).toEqual({
      term: 'xterm',
      note: 'no terminfo description of xterm-256color is installed; TERM is xterm instead',
    });
    expect(choose('../../x/xterm').term).toBe('xterm');
  });

  it('stays as configured where nothing is described', () => {
    expect(chooseTerm('xterm-256color', { HOME: root }, [])).toEqual({
      term: 'xterm-256color',
      note: null,
    });
  });
});
