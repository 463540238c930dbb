import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deviceId } from './device-id.ts';

describe('deviceId', () => {
  let dir: string;
  let paths: { deviceId: string };
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'triterm-device-'));
    paths = { deviceId: join(dir, 'device-id') };
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('is made once, for the user alone, and stays the same', async () => {
    const id = await deviceId(paths);
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(await deviceId(paths)).toBe(id);
    expect(statSync(paths.deviceId).mode & 0o777).toBe(0o600);
  });

  it('is kept in a directory that is there for it, where a client has had none', async () => {
    const below = { deviceId: join(dir, 'state', 'device-id') };
    expect(await deviceId(below)).toMatch(/^[0-9a-f]{32}$/);
    expect(statSync(join(dir, 'state')).mode & 0o777).toBe(0o700);
  });

  it('is one for clients that begin at once', async () => {
    const ids = await Promise.all(Array.from({ length: 8 }, () => deviceId(paths)));
    const known = new Set(ids.filter(id => id !== undefined));
    expect(known.size).toBe(1);
  });

  it('is not taken from a file that holds something else, nor does that file change', async () => {
    writeFileSync(paths.deviceId, 'mine');
    expect(await deviceId(paths)).toBeUndefined();
  });
});
