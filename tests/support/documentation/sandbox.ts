import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@triterm/core/sandbox/free-port';
import type { PostgresServer } from '@triterm/core/sandbox/postgres-server';
import { startRedis } from '@triterm/core/sandbox/redis-server';
import { DAEMON } from '../daemon-process.ts';
import { TRITERM, until } from '../triterm.ts';
import type { Page } from './page.ts';
import { pageScript } from './page-script.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const AT_A_TERMINAL = fileURLToPath(new URL('../programs/at-a-terminal.ts', import.meta.url));
/** Many times what the longest page takes where nothing else runs. */
export const PAGE_TIMEOUT_MS = 240_000;
const SHOWN_OUTPUT_CHARS = 4000;

/** Ports that the documentation names as an example. */
const EXAMPLE_PORTS = ['3000', '3001', '7440', '7443', '9464'];
const EXAMPLE_DATABASE = 'postgres://triterm:secret@db.example.org/triterm';
/** One server, whatever a page calls it; without TLS, since it has nobody's certificate. */
const EXAMPLE_SERVER = /wss:\/\/[a-z]+\.example\.org:/g;

/**
 * A machine for the commands of a page, or a part of one: a home of its own with the programs on the PATH and the files of the repository, and
 * the servers that it needs under the names that documentation has for them. Nothing of it is left behind.
 */
export class Sandbox implements AsyncDisposable {
  /** Short: sockets lie in it. */
  readonly #home = mkdtempSync(join(tmpdir(), 'tt-'));
  readonly #stack = new AsyncDisposableStack();
  readonly #postgres: () => Promise<PostgresServer>;
  #child: ChildProcess | undefined;

  /** `postgres` is asked by a page that needs it; the server is shared, the database is the page's. */
  constructor(postgres: () => Promise<PostgresServer>) {
    this.#postgres = postgres;
    const bin = join(this.#home, 'bin');
    mkdirSync(bin);
    const program = (name: string, script: string) =>
      writeFileSync(join(bin, name), `#!/bin/bash\n${script}\n`, { mode: 0o755 });
    const node = `'${process.execPath}'`;
    program(
      'triterm',
      tritermScript(
        TRITERM.map(quote).join(' '),
        `${node} --conditions=@triterm/source --no-warnings ${quote(AT_A_TERMINAL)}`,
      ),
    );
    program('tritermd', `exec ${node} ${DAEMON.map(quote).join(' ')} "$@"`);
    // Redis, where the daemon looks for it too.
    program('redis-cli', 'exec /usr/bin/env PATH="${PATH#*:}" redis-cli -p "$REDIS_PORT" "$@"');
    // With a configuration file it is one that a drill starts.
    program(
      'redis-server',
      'case $1 in /*) ;; *) set -- --port "$REDIS_PORT" "$@" ;; esac\nexec /usr/bin/env PATH="${PATH#*:}" redis-server "$@"',
    );
    for (const name of ['deploy', 'monitoring'])
      cpSync(join(ROOT, name), join(this.#home, name), { recursive: true });
  }

  /** Runs a page from its first command to its last. Rejects with the place, the command and what was said where one fails. */
  async run(page: Page): Promise<void> {
    const { env, place } = await this.#surroundings(page);
    const child = spawn('/bin/bash', ['-c', place(pageScript(page))], {
      cwd: this.#home,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    const timer = setTimeout(() => child.kill('SIGKILL'), PAGE_TIMEOUT_MS);
    try {
      // Not its streams' end: what it has left in the background has them too.
      const [code, signal] = await once(child, 'exit');
      if (code !== 0)
        throw new Error(`${page.path}: ${signal ?? code}\n${output.slice(-SHOWN_OUTPUT_CHARS)}`);
    } finally {
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child?.stdout?.destroy();
    this.#child?.stderr?.destroy();
    await until(() => {
      // Those that end may be started again by those that have not been ended yet.
      const pids = processesOf(this.#home);
      for (const pid of pids) kill(pid);
      return pids.length === 0;
    }, 'the end of all processes of a page');
    await this.#stack.disposeAsync();
    rmSync(this.#home, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Variables, and how a text of the documentation reads here. */
  async #surroundings({ needs }: Page): Promise<{
    readonly env: Record<string, string>;
    readonly place: (text: string) => string;
  }> {
    const redis = needs.includes('redis') ? this.#stack.use(await startRedis()) : undefined;
    const database = needs.includes('postgres') ? await (await this.#postgres()).createDatabase() : '';
    const ports = new Map<string, string>();
    for (const port of EXAMPLE_PORTS) ports.set(port, String(await freePort()));
    return {
      env: {
        HOME: this.#home,
        PATH: `${join(this.#home, 'bin')}:${process.env.PATH ?? '/usr/bin:/bin'}`,
        LANG: 'C.UTF-8',
        TERM: 'xterm-256color',
        SHELL: '/bin/bash',
        REDIS_PORT: String(redis?.port ?? (await freePort())),
      },
      place: text =>
        text
          .replaceAll(EXAMPLE_DATABASE, database)
          .replaceAll(/redis\.example\.org|\b192\.0\.2\.\d+\b/g, '127.0.0.1')
          .replaceAll(EXAMPLE_SERVER, 'ws://127.0.0.1:')
          .replaceAll(/(?<=[:=])\d{4}\b/g, port => ports.get(port) ?? port),
    };
  }
}

/** The command itself; where it would attach, at a terminal. */
function tritermScript(triterm: string, atATerminal: string): string {
  return `
words=("$@")
[[ \${words[0]} == --host ]] && words=("\${words[@]:2}")
case "\${words[0]} " in
  'attach ') attaches=1 ;;
  'new ') [[ " $* -- " == *' -d '*' -- '* ]] || attaches=1 ;;
esac
exec \${attaches:+${atATerminal}} ${triterm} "$@"`;
}

function quote(word: string): string {
  return `'${word}'`;
}

/** Pids of what was started there: daemons, hosts, the programs of sessions, servers. */
function processesOf(home: string): number[] {
  const marks = { environ: `\0HOME=${home}\0`, cmdline: `\0${home}/` };
  return readdirSync('/proc').flatMap(name => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return [];
    try {
      const isOurs =
        readlinkSync(`/proc/${name}/cwd`).startsWith(home) ||
        Object.entries(marks).some(([file, mark]) =>
          `\0${readFileSync(`/proc/${name}/${file}`, 'latin1')}\0`.includes(mark),
        );
      return isOurs ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}
