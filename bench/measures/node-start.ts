import { fileURLToPath } from 'node:url';
import { type Command, run } from '../host/command.ts';
import { OuterTerminal } from '../terminal/outer-terminal.ts';

const SCRIPT = fileURLToPath(new URL('../programs/node-start.cjs', import.meta.url));
const TIMEOUT_MS = 10_000;

/** The name under which Node's own start stands among the peers. */
export const NODE = 'node';

function nodeStart(): Command {
  return { argv: [process.execPath, SCRIPT], env: { PATH: process.env.PATH ?? '' } };
}

/** Milliseconds from the start of Node until a terminal has its first words. */
export async function nodeInTerminalMs(): Promise<number> {
  const terminal = new OuterTerminal(nodeStart());
  try {
    return (await terminal.seen('@@NODE@@', TIMEOUT_MS)) - terminal.startedMs;
  } finally {
    await terminal.close();
  }
}

/** Milliseconds from the start of Node until it has ended. */
export async function nodeCommandMs(): Promise<number> {
  return (await run(nodeStart())).ms;
}
