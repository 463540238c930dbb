import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from './find-program.ts';
import type { Peer } from './peer.ts';

export const abduco: Peer = {
  name: 'abduco',
  remark: 'a process for each session, keeps no screen, one slow client holds up all',
  can: { detach: true, paints: 'by the program', list: true },
  find: async () => findProgram('abduco', '-v'),
  async open({ dir, env }) {
    const sockets = join(dir, 'abduco');
    mkdirSync(sockets, { mode: 0o700 });
    const command = (...args: string[]) => ({
      argv: ['abduco', ...args],
      env: { ...env, ABDUCO_SOCKET_DIR: sockets },
    });
    return {
      createCommand: (name, program) => command('-n', name, ...program),
      detachKeys: '\x1c',
      attachCommand: name => command('-a', name),
      listCommand: () => command(),
      killCommand: () => undefined,
      close: async () => {},
    };
  },
};
