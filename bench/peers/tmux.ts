import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../host/command.ts';
import { COLS, ROWS } from '../terminal/outer-terminal.ts';
import { findProgram } from './find-program.ts';
import type { Peer } from './peer.ts';

/** As much scrollback as the others keep, the whole window for the program, no time spent on a status line. */
const CONFIG = `
set -g status off
set -g history-limit 10000
set -s exit-empty off
set -s escape-time 0
set -g default-terminal tmux-256color
`;

export const tmux: Peer = {
  name: 'tmux',
  remark: 'draws the latest screen and drops what it has no time for',
  can: { detach: true, paints: 'itself', list: true },
  find: async () => findProgram('tmux', '-V'),
  async open({ dir, env }) {
    const config = join(dir, 'tmux.conf');
    writeFileSync(config, CONFIG);
    const command = (...args: string[]) => ({
      argv: ['tmux', '-u', '-S', join(dir, 'tmux.sock'), '-f', config, ...args],
      env,
    });
    await run(command('start-server'));
    return {
      createCommand: (name, program) =>
        command('new-session', '-d', '-s', name, '-x', `${COLS}`, '-y', `${ROWS}`, '--', ...program),
      detachKeys: '\x02d',
      attachCommand: name => command('attach-session', '-t', `=${name}`),
      listCommand: () => command('list-sessions'),
      killCommand: name => command('kill-session', '-t', `=${name}`),
      async close() {
        await run(command('kill-server'));
      },
    };
  },
};
