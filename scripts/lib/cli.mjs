import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter } from 'node:path';
import { inRoot } from './workspace.mjs';

const BIN = inRoot('packages/cli/bin/triterm.cjs');

/** The client of this checkout, run where and in the environment in which npm itself was. */
export class Cli {
  #node;
  #options;

  constructor(node) {
    this.#node = node;
    const { INIT_CWD: cwd } = process.env;
    this.#options = {
      cwd: cwd !== undefined && existsSync(cwd) ? cwd : process.cwd(),
      env: withoutNpm(process.env),
    };
  }

  /** Hands it the terminal, stdin and stdout. Resolves with its exit status, by the shell's rules. */
  async attachTo(args) {
    const child = spawn(this.#node, [BIN, ...args], { ...this.#options, stdio: 'inherit' });
    // The terminal sends these to both of us, and what they mean is the command's to decide.
    for (const signal of ['SIGINT', 'SIGQUIT']) process.on(signal, () => {});
    for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        if (signal === null) resolve(code);
        else {
          process.removeAllListeners(signal);
          process.kill(process.pid, signal);
        }
      });
    });
  }

  /** Its status, what it printed, and the code of the error that it told, if any. */
  ask(args) {
    const { error, status, stdout, stderr } = spawnSync(this.#node, [BIN, ...args], {
      ...this.#options,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (error !== undefined) throw error;
    return { status, stdout, stderr, errorCode: /"code":"(\w+)"/.exec(stderr)?.[1] };
  }
}

/** Without what npm adds for its scripts, which would stay in every shell of a session. */
function withoutNpm(env) {
  const kept = Object.entries(env).filter(
    ([name]) => !name.startsWith('npm_') && !['INIT_CWD', 'NODE', 'COLOR'].includes(name),
  );
  const path = (env.PATH ?? '')
    .split(delimiter)
    .filter(dir => !dir.endsWith('/node_modules/.bin') && !dir.endsWith('/node-gyp-bin'));
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter) };
}
