import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

/** A pty-host run from source as systemd runs it: a connection is its standard input, and the descriptor 3 as well. */
export class ActivatedHost {
  readonly dir: string;
  readonly socketPath: string;
  readonly child: ChildProcess;
  /** The daemon's end of the connection. */
  readonly connection: Socket;
  stderr = '';
  readonly #exited: Promise<unknown>;

  private constructor(child: ChildProcess, connection: Socket, dir: string) {
    this.child = child;
    this.connection = connection;
    this.dir = dir;
    this.socketPath = join(dir, 'hosts', 'unit-0a1b2c3d.sock');
    this.#exited = once(child, 'exit');
    child.stderr?.on('data', chunk => {
      this.stderr += String(chunk);
    });
  }

  /** `before`: what bash does in the process that becomes the host. */
  static async start(before = ':'): Promise<ActivatedHost> {
    const dir = mkdtempSync(join(tmpdir(), 'triterm-run-'));
    mkdirSync(join(dir, 'hosts'), { mode: 0o700 });
    const server = createServer({ pauseOnConnect: true });
    await new Promise<void>(resolve => server.listen(join(dir, 'new.sock'), resolve));
    const accepted = once(server, 'connection');
    const connection = connect(join(dir, 'new.sock'));
    connection.on('error', () => {});
    const [host]: Socket[] = await accepted;
    if (host === undefined) throw new Error('no connection');
    const command = [
      process.execPath,
      '--conditions=@triterm/source',
      '--no-warnings',
      MAIN,
      '--activated',
      dir,
    ];
    const child = spawn('/bin/bash', ['-c', `${before}; exec "$@"`, 'bash', ...command], {
      stdio: [host, 'ignore', 'pipe', host],
    });
    host.destroy();
    server.close();
    return new ActivatedHost(child, connection, dir);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Resolves when the host has closed the connection: it listens, or has failed. */
  async answered(): Promise<void> {
    this.connection.resume();
    if (!this.connection.destroyed)
      await once(this.connection, 'close', { signal: AbortSignal.timeout(20_000) });
  }

  /** Its exit code, or null when a signal ended it. */
  async exited(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.#exited;
    return this.child.exitCode;
  }

  async dispose(): Promise<void> {
    this.connection.destroy();
    this.child.kill('SIGKILL');
    await this.exited();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
