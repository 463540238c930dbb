import { describe, expect, it } from 'vitest';
import { TermError } from '../errors/index.ts';
import { fileError } from './system-error.ts';

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: it says no`), { code });
}

describe('a system error', () => {
  it.each([
    ['ENOSPC', 'DISK_FULL'],
    ['EDQUOT', 'DISK_FULL'],
    ['EROFS', 'READ_ONLY_STATE'],
    ['EACCES', 'PERMISSION_DENIED'],
    ['EPERM', 'PERMISSION_DENIED'],
    ['ELOOP', 'UNSAFE_PATH'],
    ['EIO', 'INTERNAL'],
    ['toString', 'INTERNAL'],
  ])('%s becomes %s and is kept as its cause', (errno, code) => {
    const cause = systemError(errno);
    expect(fileError(cause, 'Cannot write /x')).toMatchObject({
      code,
      message: `Cannot write /x: ${errno}: it says no`,
      cause,
    });
  });

  it('that is ours already passes unchanged', () => {
    const own = new TermError('TIMEOUT', 'm');
    expect(fileError(own, 'Cannot write')).toBe(own);
    expect(fileError('text', 'Cannot write').message).toBe('Cannot write: text');
  });
});
