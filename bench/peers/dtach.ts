import { join } from 'node:path';
import { findProgram } from './find-program.ts';
import type { Peer } from './peer.ts';

export const dtach: Peer = {
  name: 'dtach',
  remark: 'a process for each session, keeps no screen, skips output for a slow client',
  can: { detach: true, paints: 'by the program', list: false },
  find: async () => findProgram('dtach', '--version'),
  async open({ dir, env }) {
    const socket = (name: string) => join(dir, `dtach-${name}.sock`);
    return {
      createCommand: (name, program) => ({
        argv: ['dtach', '-n', socket(name), '-E', '-z', ...program],
        env,
      }),
      detachKeys: '\x1c',
      attachCommand: name => ({ argv: ['dtach', '-a', socket(name), '-z', '-r', 'winch'], env }),
      listCommand: () => undefined,
      killCommand: () => undefined,
      close: async () => {},
    };
  },
};
