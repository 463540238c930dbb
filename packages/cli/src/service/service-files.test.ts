import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scratchDir } from '../testing/test-context.ts';
import { refuseOtherAccount, writeServiceFiles } from './service-files.ts';

let scratch: ReturnType<typeof scratchDir>;

beforeEach(() => {
  scratch = scratchDir();
});
afterEach(() => scratch[Symbol.dispose]());

describe('units that are there', () => {
  const path = () => join(scratch.path, 'tritermd.service');
  const wanted = (content: string) => [{ name: 'tritermd.service', path: path(), content }];
  const install = (content: string) => () => refuseOtherAccount(wanted(content));

  it('keep their account unless it is said otherwise', () => {
    expect(install('[Service]\nUser=web\n')).not.toThrow();
    writeFileSync(path(), '[Service]\nUser=web\nRestart=no\n');
    expect(install('[Service]\nUser=web\nRestart=always\n')).not.toThrow();
    expect(install('[Service]\nUser=root\n')).toThrow(
      expect.objectContaining({
        code: 'FILE_EXISTS',
        message: `${path()} runs as web, and would as root. Nothing was touched.`,
        hint: expect.stringContaining('--force'),
      }),
    );
  });
});

it('says what stands in the way of their directory', () => {
  symlinkSync(join(scratch.path, 'nowhere'), join(scratch.path, 'link'));
  const path = join(scratch.path, 'link', 'user', 'tritermd.service');
  expect(() => writeServiceFiles([{ name: 'tritermd.service', path, content: '' }])).toThrow(
    expect.objectContaining({ code: 'UNSAFE_PATH', message: expect.stringContaining('leads nowhere') }),
  );
});
