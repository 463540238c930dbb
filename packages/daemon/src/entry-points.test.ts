import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ENTRY_POINT_OPTIONS, type EntryPoint, entryPoint } from './entry-points.ts';

const NAMES: EntryPoint[] = ['tritermd', 'triterm-pty-host', 'screen-worker', 'store-worker'];

describe('an entry point', () => {
  it.each(NAMES)('from the sources is a file that is there: %s', name => {
    const url = entryPoint(name);
    expect(url.protocol).toBe('file:');
    expect(url.pathname).toMatch(/\.ts$/);
    expect(existsSync(url)).toBe(true);
  });

  it('from the sources is started with the condition that leads imports there too', () => {
    expect(ENTRY_POINT_OPTIONS).toEqual(['--conditions=@triterm/source']);
  });
});
