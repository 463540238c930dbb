import { spawnSync } from 'node:child_process';
import { closeSync, fstatSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLogStderr, stderrKind } from './log-stderr.ts';

describe('stderr', () => {
  let dir: string;
  let fd: number;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'triterm-log-'));
    fd = openSync(join(dir, 'file'), 'w');
  });
  afterEach(() => {
    closeSync(fd);
    rmSync(dir, { recursive: true, force: true });
  });

  it('that is a file gets nothing, whatever was inherited', () => {
    const { dev, ino } = fstatSync(fd);
    for (const stream of [undefined, '', '1:2', `${dev}:${ino}`])
      expect(stderrKind({ JOURNAL_STREAM: stream }, fd)).toBe('other');
    expect(openLogStderr({}, fd)).toBeUndefined();
    expect(stderrKind({}, 12_345)).toBe('other');
  });

  it('is the journal only where JOURNAL_STREAM names it', () => {
    const program = `
      import { fstatSync } from 'node:fs';
      import { stderrKind } from ${JSON.stringify(fileURLToPath(new URL('./log-stderr.ts', import.meta.url)))};
      const { dev, ino } = fstatSync(2);
      const streams = [\`\${dev}:\${ino}\`, \`\${dev}:\${ino + 1}\`, \`\${dev + 1}:\${ino}\`, ''];
      console.log(streams.map(stream => stderrKind({ JOURNAL_STREAM: stream })).join());
    `;
    const args = ['--conditions=@triterm/source', '--input-type=module', '-e', program];
    const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 20_000 });
    expect(stdout.trim()).toBe('journal,other,other,other');
  });
});
