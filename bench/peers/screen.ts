import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from './find-program.ts';
import type { Peer } from './peer.ts';

const CONFIG = `
startup_message off
vbell off
defutf8 on
defscrollback 10000
term screen-256color
`;

export const screen: Peer = {
  name: 'screen',
  remark: 'a process for each session',
  can: { detach: true, paints: 'itself', list: true },
  find: async () => findProgram('screen', '--version'),
  async open({ dir, env }) {
    const config = join(dir, 'screenrc');
    const sockets = join(dir, 'screens');
    writeFileSync(config, CONFIG);
    mkdirSync(sockets, { mode: 0o700 });
    const command = (...args: string[]) => ({
      argv: ['screen', '-U', '-c', config, ...args],
      env: { ...env, SCREENDIR: sockets },
    });
    return {
      createCommand: (name, program) => command('-dmS', name, ...program),
      detachKeys: '\x01d',
      attachCommand: name => command('-x', name),
      // It ends with 1 when there is something to list.
      listCommand: () => ({ ...command(), argv: ['sh', '-c', 'screen -ls; true'] }),
      killCommand: name => command('-S', name, '-X', 'quit'),
      close: async () => {},
    };
  },
};
