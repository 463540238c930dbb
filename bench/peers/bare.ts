import type { Command } from '../host/command.ts';
import type { Peer } from './peer.ts';

/** The program itself in the terminal: what no peer can be faster than. */
export const bare: Peer = {
  name: 'bare',
  remark: 'nothing between the program and the terminal',
  can: { detach: false, paints: 'no', list: false },
  find: async () => ({ version: 'PTY' }),
  async open({ env }) {
    const programs = new Map<string, Command>();
    return {
      createCommand(name, program) {
        programs.set(name, { argv: program, env });
        return { argv: ['true'], env };
      },
      attachCommand(name) {
        const program = programs.get(name);
        if (program === undefined) throw new Error(`no program ${name}`);
        return program;
      },
      listCommand: () => undefined,
      killCommand: () => undefined,
      close: async () => {},
    };
  },
};
