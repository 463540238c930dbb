import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newSessionId } from '@triterm/core/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SessionFiles } from './session-files.ts';

describe('whose a PTY is', () => {
  let dir: string;
  let files: SessionFiles;
  const told: unknown[] = [];
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'triterm-files-'));
    told.length = 0;
    files = new SessionFiles(dir, newSessionId(), error => told.push(error));
    files.prepare();
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('is kept on disk, for its owner alone to read, and only what is needed', async () => {
    const holder = { id: newSessionId(), userId: 'anna' };
    await files.keepHolder({ ...holder, ...{ name: 'work' } });
    expect(await files.holder()).toEqual(holder);
    expect(statSync(join(files.dir, 'holder.json')).mode & 0o777).toBe(0o600);
  });

  it.each(['', 'no JSON', 'null', '{"id":"../..","userId":"anna"}', '{"id":"0a0a0a0a0a0a","userId":""}'])(
    'is not known where %j is kept',
    async kept => {
      writeFileSync(join(files.dir, 'holder.json'), kept);
      expect(await files.holder()).toBeUndefined();
    },
  );

  it('is told as trouble where it can’t be kept', async () => {
    rmSync(files.dir, { recursive: true });
    await files.keepHolder({ id: newSessionId(), userId: 'anna' });
    expect(told).toHaveLength(1);
    expect(await files.holder()).toBeUndefined();
  });
});
