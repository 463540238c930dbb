import { chmodSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { boundPath, listenInherited } from './inherited-listener.ts';

const TABLE = `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 101 /run/my own/tritermd.sock
0000000000000000: 00000003 00000000 00000000 0001 03 102 /run/connected.sock
0000000000000000: 00000002 00000000 00000000 0002 01 103 /run/datagrams.sock
0000000000000000: 00000002 00000000 00010000 0001 01 104 @abstract
0000000000000000: 00000002 00000000 00010000 0001 01 105
`;

describe('where a passed socket is bound', () => {
  it('is its path, of a stream socket that listens', () => {
    expect(boundPath(TABLE, '101')).toBe('/run/my own/tritermd.sock');
  });

  it.each(['102', '103', '104', '105', '999'])('is nowhere for any other, such as %s', inode => {
    expect(boundPath(TABLE, inode)).toBeUndefined();
  });
});

describe('a passed descriptor', () => {
  let dir: string;
  let server: Server | undefined;

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'triterm-passed-'));
  });
  afterEach(() => {
    server?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it('that is no socket is refused', async () => {
    const fd = openSync('/dev/null', 'r');
    await expect(listenInherited(fd, join(dir, 'a.sock'), () => {})).rejects.toMatchObject({
      code: 'DAEMON_START_FAILED',
      message: expect.stringContaining('no socket'),
    });
    await expect(listenInherited(1_000_000, join(dir, 'a.sock'), () => {})).rejects.toMatchObject({
      code: 'DAEMON_START_FAILED',
    });
  });

  async function listeningOn(path: string): Promise<number> {
    const listening = createServer();
    server = listening;
    await new Promise<void>(resolve => listening.listen(path, resolve));
    // Not told by Node, and its own handle is the only one that has it.
    return Reflect.get(Reflect.get(listening, '_handle'), 'fd');
  }

  it('of a socket that others may use, or whose directory they may change, is refused', async () => {
    const path = join(dir, 'a.sock');
    const fd = await listeningOn(path);
    chmodSync(path, 0o666);
    await expect(listenInherited(fd, path, () => {})).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
    chmodSync(path, 0o600);
    chmodSync(dir, 0o777);
    await expect(listenInherited(fd, path, () => {})).rejects.toMatchObject({ code: 'UNSAFE_PATH' });
  });

  it('that listens elsewhere is refused', async () => {
    const elsewhere = join(dir, 'b.sock');
    const fd = await listeningOn(elsewhere);
    await expect(listenInherited(fd, join(dir, 'a.sock'), () => {})).rejects.toMatchObject({
      message: expect.stringContaining(`${elsewhere} instead of`),
    });
  });
});
