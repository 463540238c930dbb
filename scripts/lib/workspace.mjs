import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

export const inRoot = path => join(ROOT, path);

/** What the scripts themselves write: locks and stamps. Not under version control. */
export const STATE_DIR = inRoot('.bootstrap');

/** Talk goes to stderr: stdout belongs to the command that was asked for. */
export function say(text) {
  process.stderr.write(`triterm: ${text}\n`);
}

/** An end with a reason and a next step, for a person; no stack. */
export class Stop extends Error {
  constructor(message, next) {
    super(next === undefined ? message : `${message}\n  ${next}`);
  }
}

/** Runs a script's main function; a Stop is told, anything else is a bug and keeps its stack. */
export async function main(run) {
  try {
    process.exitCode = (await run()) ?? 0;
  } catch (thrown) {
    if (!(thrown instanceof Stop)) throw thrown;
    say(thrown.message);
    process.exitCode = 1;
  }
}
