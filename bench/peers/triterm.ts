import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../host/command.ts';
import { COLS, ROWS } from '../terminal/outer-terminal.ts';
import type { Peer } from './peer.ts';

const BIN = fileURLToPath(new URL('../../packages/cli/bin/triterm.cjs', import.meta.url));
const BUNDLES = ['cli/dist/bundle/triterm.mjs', 'daemon/dist/bundle/tritermd.mjs'].map(file =>
  fileURLToPath(new URL(`../../packages/${file}`, import.meta.url)),
);

export const triterm: Peer = {
  name: 'triterm',
  restsAfterMs: 16_000,
  can: { detach: true, paints: 'itself', list: true },
  async find() {
    if (!BUNDLES.every(file => existsSync(file))) return { missing: 'not built: npm run build' };
    const { stdout } = await run({ argv: [process.execPath, BIN, '--version'], env: {} });
    return { version: stdout.trim() };
  },
  async open({ dir, env }) {
    const command = (...args: string[]) => ({
      argv: [process.execPath, BIN, ...args],
      env: { ...env, TRITERM_STATE_DIR: join(dir, 'triterm'), TRITERM_CONFIG: join(dir, 'triterm.json') },
    });
    await run(command('daemon', 'start'));
    return {
      createCommand: (name, program) =>
        command('new', '-d', '-n', name, '--size', `${COLS}x${ROWS}`, '--', ...program),
      createManyCommand: (count, program, name) =>
        command('new', '-d', '-n', name, '--count', `${count}`, '--', ...program),
      detachKeys: '\x1c',
      attachCommand: name => command('attach', name),
      listCommand: () => command('ls'),
      killCommand: name => command('kill', '--signal', 'KILL', name),
      async close() {
        await run(command('daemon', 'stop', '--kill-sessions'));
      },
    };
  },
};
