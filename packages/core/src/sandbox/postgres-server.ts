import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  accessSync,
  chownSync,
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from './free-port.ts';
import { readProcessStat } from './read-process-stat.ts';
import { ServerLog } from './server-log.ts';

const run = promisify(execFile);

/** A server that has not said this long that it is ready will not. Recovery after a kill is in it. */
const START_DEADLINE_MS = 20_000;
const READY_LINE = /database system is ready to accept (read-only )?connections/;
const USER = 'triterm';
/** Odd characters, so that every place that quotes or hides a password is tried. */
const ODD_CHARACTERS = 'p@ss:w/rd%1';
const PACKAGES = '/usr/lib/postgresql';
/** Other ports than those of Redis, so that neither takes one that the other has found free. */
const FIRST_PORT = 12_000;
const PORTS = 8000;

export interface PostgresOptions {
  /** Waits for the disk at each commit. */
  readonly durable?: boolean;
  /** Lines of postgresql.conf. */
  readonly config?: readonly string[];
  /** Makes a streaming replica of this server. */
  readonly standbyOf?: PostgresServer;
}

/** Who PostgreSQL runs as: it refuses root. */
interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** A PostgreSQL server on a private port, socket and directory. Rejects with the command to install it when it is missing. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const server = new PostgresServer(
    findBinaries(),
    await freePort(FIRST_PORT, PORTS),
    options.standbyOf?.password,
  );
  try {
    await server.initialize(options);
    await server.start();
    return server;
  } catch (error) {
    await server.dispose();
    throw error;
  }
}

export class PostgresServer implements AsyncDisposable {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly user = USER;
  /** Nobody can guess it: the port is open to every user of the machine, and a superuser runs programs as our account. */
  readonly password: string;
  /** Holds the data and the unix socket. */
  readonly dir: string = mkdtempSync(join(tmpdir(), 'triterm-pg-'));
  readonly #bin: string;
  readonly #account: Account | undefined = unprivileged();
  readonly #guard: ChildProcess;
  readonly #guardEnded: Promise<unknown>;
  #child: ChildProcess | undefined;
  #exited: Promise<unknown> = Promise.resolve();
  readonly #log = new ServerLog({ name: 'postgres', ready: READY_LINE, deadlineMs: START_DEADLINE_MS });
  #databases = 0;

  constructor(bin: string, port: number, password = ODD_CHARACTERS + randomBytes(16).toString('hex')) {
    this.#bin = bin;
    this.port = port;
    this.password = password;
    if (this.#account !== undefined) chownSync(this.dir, this.#account.uid, this.#account.gid);
    this.#guard = startGuard(this.dir);
    this.#guardEnded = once(this.#guard, 'exit');
  }

  /** Of the database that always is there. */
  get url(): string {
    return this.#url('postgres');
  }

  get data(): string {
    return join(this.dir, 'data');
  }

  /** The last lines that the server has logged. */
  get log(): string {
    return this.#log.text;
  }

  async initialize({ durable = false, config = [], standbyOf }: PostgresOptions): Promise<void> {
    const passwordFile = join(this.dir, 'password');
    // For the server's account, in a directory that is closed to others.
    writeFileSync(passwordFile, this.password, { mode: 0o644, flag: 'wx' });
    if (standbyOf === undefined)
      await this.#tool('initdb', [
        ...['-D', this.data, '-U', USER, '-E', 'UTF8', '--locale=C', '--no-sync', `--pwfile=${passwordFile}`],
        ...['--auth-local=trust', '--auth-host=scram-sha-256'],
      ]);
    else await this.#copy(standbyOf);
    const lines = [
      `port = ${this.port}`,
      `listen_addresses = '${this.host}'`,
      `unix_socket_directories = '${this.dir}'`,
      `fsync = ${durable ? 'on' : 'off'}`,
      'synchronous_commit = on',
      "lc_messages = 'C'",
      'logging_collector = off',
      'max_wal_senders = 4',
      ...config,
    ];
    append(join(this.data, 'postgresql.auto.conf'), `${lines.join('\n')}\n`);
  }

  /** Again on the same port and data, after `stop` or SIGKILL. */
  async start(): Promise<void> {
    const child = spawn(join(this.#bin, 'postgres'), ['-D', this.data], {
      ...this.#account,
      cwd: this.dir,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    this.#exited = once(child, 'exit').catch(() => {});
    await this.#log.untilReady(child, child.stderr);
  }

  /** A new empty database; returns its URL. */
  async createDatabase(): Promise<string> {
    const name = `test_${++this.#databases}`;
    await this.query(`CREATE DATABASE ${name}`);
    return this.#url(name);
  }

  /** Runs SQL as superuser, in the database of the URL if given; several statements at once are allowed. Rows of the last. */
  async query(sql: string, url = this.url): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
    client.on('error', () => {});
    await client.connect();
    try {
      const result: pg.QueryResult | pg.QueryResult[] = await client.query(sql);
      return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? [];
    } finally {
      await client.end();
    }
  }

  /** To the server and every process of it. After SIGKILL, resolves when all are gone. */
  async signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): Promise<void> {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    if (name === 'SIGSTOP') send(pid, name);
    const children = await childrenOf(pid);
    for (const child of children) send(child, name);
    if (name === 'SIGSTOP') return;
    send(pid, name);
    if (name === 'SIGKILL') {
      await this.#exited;
      await Promise.all(children.map(gone));
    }
  }

  /** Ends it: `fast` cuts connections and writes everything out, `immediate` only cuts. */
  async stop(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    this.#child?.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
    await this.#exited;
  }

  /** Makes a standby the primary. */
  async promote(): Promise<void> {
    await this.query('SELECT pg_promote(true, 10)');
  }

  /** Ends all processes for sure, and removes the directory. */
  async dispose(): Promise<void> {
    this.#guard.stdin?.end();
    await this.#guardEnded;
    // The guard has ended it already, where it has a `ps` to tell it by.
    this.#child?.kill('SIGKILL');
    await this.#exited;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  #url(database: string): string {
    return `postgres://${USER}:${encodeURIComponent(this.password)}@${this.host}:${this.port}/${database}`;
  }

  async #copy({ host, port, user, password }: PostgresServer): Promise<void> {
    const from = ['-h', host, '-p', String(port), '-U', user];
    await this.#tool('pg_basebackup', ['-D', this.data, '-R', '-c', 'fast', ...from], {
      PGPASSWORD: password,
    });
  }

  async #tool(name: string, args: readonly string[], env: Record<string, string> = {}): Promise<void> {
    const options = { ...this.#account, cwd: this.dir, env: { ...process.env, LC_ALL: 'C', ...env } };
    await run(join(this.#bin, name), args, options);
  }
}

/**
 * A process that waits for the end of its standard input, then kills the server and all its processes and removes the directory: it
 * does so too when the test was killed, or when the server is stopped by a signal.
 */
function startGuard(dir: string): ChildProcess {
  const script = `
    trap '' INT TERM HUP
    while read -r line; do :; done
    # The file of a server that was killed may name what is somebody else's now.
    if read -r pid < "$1/data/postmaster.pid" && ps -ww -o args= -p "$pid" | grep -qF -- "$1"; then
      kill -STOP "$pid" && kill -KILL $(ps -A -o pid=,ppid= | awk -v p="$pid" '$2 == p { print $1 }') "$pid"
    fi
    rm -rf "$1" || { sleep 1; rm -rf "$1"; }`;
  return spawn('sh', ['-c', script, 'guard', dir], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
}

/** An account that exists, since PostgreSQL looks itself up; undefined when we are not root. */
function unprivileged(): Account | undefined {
  if (process.geteuid?.() !== 0) return undefined;
  const entries = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map(line => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = entries.find(([user]) => user === name) ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error('PostgreSQL refuses to run as root, and there is neither an account postgres nor nobody.');
}

/** As root, we write into what belongs to the server's account: it must not lead us elsewhere. */
function append(file: string, text: string): void {
  const fd = openSync(file, constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW);
  try {
    writeFileSync(fd, text);
  } finally {
    closeSync(fd);
  }
}

/** Whether its programs are on this machine. */
export function hasPostgres(env: NodeJS.ProcessEnv = process.env): boolean {
  return binaries(env) !== undefined;
}

/** The directory with `postgres` and `initdb`, of the newest version in Debian's place, else on PATH. */
function binaries(env: NodeJS.ProcessEnv): string | undefined {
  const found = installedVersions().map(version => join(PACKAGES, version, 'bin'));
  const path = (env.PATH ?? '').split(delimiter).filter(dir => dir !== '');
  return [...found, ...path].find(
    dir => isExecutable(join(dir, 'postgres')) && isExecutable(join(dir, 'initdb')),
  );
}

function findBinaries(): string {
  const bin = binaries(process.env);
  if (bin === undefined)
    throw new Error(
      'PostgreSQL is not installed. Install it with: apt-get install --no-install-recommends postgresql',
    );
  return bin;
}

function installedVersions(): string[] {
  try {
    return readdirSync(PACKAGES).toSorted((a, b) => Number(b) - Number(a));
  } catch {
    return [];
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function childrenOf(pid: number): Promise<number[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=']);
  const pairs = stdout
    .trim()
    .split('\n')
    .map(line => line.trim().split(/\s+/).map(Number));
  return pairs.flatMap(([child = 0, parent]) => (parent === pid ? [child] : []));
}

function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

async function gone(pid: number): Promise<void> {
  // Orphans of a killed server may wait for an init that never reaps them.
  while (send(pid, 0) && readProcessStat(pid)?.state !== 'Z')
    await new Promise(resolve => setTimeout(resolve, 5));
}
