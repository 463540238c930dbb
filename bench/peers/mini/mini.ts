import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Peer } from '../peer.ts';

const SERVER = fileURLToPath(new URL('./server.ts', import.meta.url));
const CLIENT = fileURLToPath(new URL('./client.ts', import.meta.url));

/** The smallest manager that works in Node: what Node itself costs, without a screen, a log or a protocol. */
export const mini: Peer = {
  name: 'mini',
  remark: 'node-pty to a unix socket to a Node client and nothing else; a process for each session',
  can: { detach: true, paints: 'no', list: false },
  find: async () => ({ version: `Node ${process.versions.node}` }),
  async open({ dir, env }) {
    const node = [process.execPath, '--disable-warning=ExperimentalWarning'];
    const socket = (name: string) => join(dir, `mini-${name}.sock`);
    return {
      createCommand: (name, program) => ({ argv: [...node, SERVER, socket(name), ...program], env }),
      attachCommand: name => ({ argv: [...node, CLIENT, socket(name)], env }),
      listCommand: () => undefined,
      killCommand: () => undefined,
      close: async () => {},
    };
  },
};
