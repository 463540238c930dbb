import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Program } from '@triterm/core/testing/program';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FloodFile } from './testing/flood-file.ts';
import { HostClient } from './testing/host-client.ts';
import { HostProcess } from './testing/host-process.ts';
import { until } from './testing/until.ts';

const MIB = 1024 * 1024;
const KILLS = 5;

describe('a daemon that is killed in the middle of a flood', () => {
  let host: HostProcess;
  let dir: string;
  const daemons: Program[] = [];

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'triterm-adoption-'));
    host = await HostProcess.start();
  });
  afterEach(async () => {
    for (const daemon of daemons.splice(0)) await daemon.dispose();
    await host.dispose();
    rmSync(dir, { recursive: true, force: true });
    expect(host.stderr).toBe('');
  });

  it('costs no byte: whoever comes after it goes on where it was', async () => {
    const flood = new FloodFile(join(dir, 'flood'), 64);
    const received = join(dir, 'received');
    writeFileSync(received, '');
    const client = await HostClient.connect(host.socketPath);
    const { handle } = await client.sh(`${flood.script}; exit 9`);
    client.drop();
    const start = (generation: number): Program => {
      const program = new Program(new URL('./testing/programs/stream-to-file.ts', import.meta.url), [
        host.socketPath,
        String(generation),
        String(handle),
        received,
      ]);
      daemons.push(program);
      return program;
    };
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const before = statSync(received).size;
      const daemon = start(kill + 1);
      await until(() => statSync(received).size > before + 5 * MIB, 'the daemon to be in the middle');
      await daemon.dispose();
    }
    expect(statSync(received).size).toBeLessThan(flood.bytes);
    const last = start(KILLS + 2);
    await last.until(lines => lines.includes('eof') || lines.includes('misplaced'));
    expect(last.lines).toEqual(['began', 'eof']);
    expect(statSync(received).size).toBe(flood.bytes);
    expect(createHash('sha1').update(readFileSync(received)).digest('hex')).toBe(flood.sha1());
    const adopter = await HostClient.connect(host.socketPath, { generation: KILLS + 3 });
    expect(await adopter.info(handle)).toMatchObject({ exit: { exitCode: 9, signal: null }, eof: true });
    adopter.drop();
  }, 60_000);
});
