import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { VERSION } from '@triterm/core/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ServedDaemon } from '../testing/served-daemon.ts';
import { scratchDir, testContext } from '../testing/test-context.ts';
import { runCli } from './route.ts';

let scratch: ReturnType<typeof scratchDir>;
beforeEach(() => {
  scratch = scratchDir();
});
afterEach(() => scratch[Symbol.dispose]());

const ENV = { LANG: 'C.UTF-8', SHELL: '/bin/bash' };

describe('triterm doctor', () => {
  it('needs no daemon, starts none and makes nothing', async () => {
    const context = testContext(`${scratch.path}/state`, { env: ENV });
    expect(await runCli(['doctor'], context)).toBe(0);
    expect(context.out.text).toMatch(/^ok {7}node .*\n[\s\S]*\n\nEverything is in order\.\n$/);
    expect(context.err.text).toBe('');
    expect(readdirSync(scratch.path)).toEqual([]);
  });

  it('prints versions and checks as JSON, whose fields stay', async () => {
    const context = testContext(scratch.path, { env: ENV });
    expect(await runCli(['doctor', '--json'], context)).toBe(0);
    const report: unknown = JSON.parse(context.out.text);
    expect(report).toEqual({
      versions: {
        client: VERSION,
        node: process.versions.node,
        protocol: { min: expect.any(Number), max: expect.any(Number) },
        daemon: null,
        daemonProtocol: null,
        ptyHosts: [],
      },
      checks: expect.arrayContaining([
        { name: 'state directory', status: 'ok', message: scratch.path, fix: null },
      ]),
    });
  });

  it('leaves with 1 when there is a problem, and tells the way out', async () => {
    writeFileSync(`${scratch.path}/config.json`, '{"maxSession": 1}');
    mkdirSync(`${scratch.path}/run`, { mode: 0o777 });
    const env = { ...ENV, LANG: 'C', TRITERM_CONFIG: `${scratch.path}/config.json` };
    const context = testContext(scratch.path, { env });
    expect(await runCli(['doctor'], context)).toBe(1);
    expect(context.out.text).toMatch(/\nproblem {2}configuration .*maxSession/);
    expect(context.out.text).toMatch(/\nproblem {2}runtime directory .*\n +Close it to them: chmod 700/);
    expect(context.out.text).toMatch(/\nwarning {2}locale /);
    expect(context.out.text).toMatch(/\n\d problems, 1 warning\.\n$/);
  });

  it('tells of a daemon that hangs', async () => {
    const context = testContext(scratch.path, { env: ENV });
    await using _daemon = await ServedDaemon.start(context.paths, { manner: 'silent' });
    expect(await runCli(['doctor'], context)).toBe(1);
    expect(context.out.text).toMatch(
      /\nproblem {2}daemon .*does not answer.*\n +triterm daemon restart --force/,
    );
  });

  it('tells of a daemon of another protocol', async () => {
    const context = testContext(scratch.path, { env: ENV });
    await using _daemon = await ServedDaemon.start(context.paths, { protocol: { min: 98, max: 99 } });
    expect(await runCli(['doctor'], context)).toBe(1);
    expect(context.out.text).toMatch(/\nproblem {2}daemon .*protocol/);
  });
});
