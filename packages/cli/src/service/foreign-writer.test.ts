import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scratchDir } from '../testing/test-context.ts';
import { foreignWriter, refuseForeignPrograms } from './foreign-writer.ts';

const ALICE = 1001;
const WEB = 33;

describe('who may write', () => {
  it.each([
    ['root’s', { uid: 0, gid: 0, mode: 0o755 }, undefined],
    ['the account’s', { uid: WEB, gid: WEB, mode: 0o700 }, undefined],
    ['another one’s', { uid: ALICE, gid: 0, mode: 0o755 }, 'uid 1001'],
    ['everybody’s', { uid: 0, gid: 0, mode: 0o757 }, 'everybody'],
    ['everybody’s, each their own', { uid: 0, gid: 0, mode: 0o1777 }, undefined],
    ['a system group’s', { uid: 0, gid: 50, mode: 0o2775 }, undefined],
    ['a group of people’s', { uid: 0, gid: 1002, mode: 0o775 }, 'gid 1002'],
    ['readable to such a group', { uid: 0, gid: 1002, mode: 0o755 }, undefined],
  ])('is told of what is %s', (_, stats, who) => {
    expect(foreignWriter(stats, WEB)).toBe(who);
  });
});

describe.runIf(process.geteuid?.() === 0)('a program for a system service', () => {
  let scratch: ReturnType<typeof scratchDir>;
  let program: string;

  beforeEach(() => {
    scratch = scratchDir();
    mkdirSync(join(scratch.path, 'lib'));
    program = join(scratch.path, 'lib/node');
    writeFileSync(program, '');
  });
  afterEach(() => scratch[Symbol.dispose]());

  const refuse = (path: string) => () => refuseForeignPrograms([path], 'web', WEB);

  it('is taken where only root and the account may write', () => {
    chownSync(program, WEB, WEB);
    expect(refuse(program)).not.toThrow();
  });

  it('is refused when another one may change it', () => {
    chownSync(program, ALICE, ALICE);
    expect(refuse(program)).toThrow(
      expect.objectContaining({
        code: 'UNSAFE_PATH',
        message: `${program} is to run as web, and uid 1001 may change ${program}.`,
        hint: expect.stringContaining('--account'),
      }),
    );
  });

  it('is refused when another one may put something else in its place', () => {
    chmodSync(join(scratch.path, 'lib'), 0o777);
    expect(refuse(program)).toThrow(`everybody may change ${scratch.path}/lib`);
  });

  it('is refused when a link leads to it, from such a place or into one', () => {
    const link = join(scratch.path, 'link');
    symlinkSync(program, link);
    expect(refuse(link)).not.toThrow();
    chownSync(program, ALICE, ALICE);
    expect(refuse(link)).toThrow(`uid 1001 may change ${program}`);
    chownSync(program, 0, 0);
    chownSync(scratch.path, ALICE, ALICE);
    expect(refuse(link)).toThrow(`uid 1001 may change ${scratch.path}`);
  });
});
