import { Certificates } from './certificates.ts';
import { cliFlags, listenLines } from './redis-certificates.ts';
import { RedisProcess } from './redis-process.ts';

export interface RedisServerOptions {
  /** Further lines of the configuration file, such as `maxmemory 2mb`. */
  readonly config?: readonly string[];
  readonly password?: string;
  /** Speaks TLS only, with a certificate of its own making. */
  readonly tls?: boolean;
  /** A free one unless given. */
  readonly port?: number;
  /** Where its directory is made; in the system's temporary one unless given. */
  readonly below?: string;
}

/** A real Redis for one test. Keeps nothing on disk unless the configuration says so. */
export class RedisServer {
  readonly host = '127.0.0.1';
  /** PEM text that a client of a TLS server has to trust. */
  readonly ca: string | undefined;
  readonly #process: RedisProcess;
  readonly #cliFlags: readonly string[];
  readonly #password: string | undefined;
  readonly #certificates: Certificates | undefined;

  private constructor(server: RedisProcess, options: RedisServerOptions, certificates?: Certificates) {
    this.#process = server;
    this.#certificates = certificates;
    this.ca = certificates?.pem();
    this.#password = options.password;
    this.#cliFlags = cliFlags(certificates);
  }

  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const certificates = options.tls === true ? new Certificates() : undefined;
    try {
      const server = await RedisProcess.start({ port: options.port, below: options.below }, port => [
        ...listenLines(port, certificates),
        'save ""',
        'appendonly no',
        ...(options.password === undefined ? [] : [`requirepass ${options.password}`]),
        ...(options.config ?? []),
      ]);
      return new RedisServer(server, options, certificates);
    } catch (error) {
      certificates?.dispose();
      throw error;
    }
  }

  get port(): number {
    return this.#process.port;
  }

  get dir(): string {
    return this.#process.dir;
  }

  /** Starts it again on the same port; what was not saved is gone. */
  restart(): Promise<void> {
    return this.#process.start();
  }

  signal(name: NodeJS.Signals): void {
    this.#process.signal(name);
  }

  kill(): Promise<void> {
    return this.#process.kill();
  }

  /** An administrator's command; its answer as text. */
  cli(...words: string[]): Promise<string> {
    return this.#process.cli(this.#cliFlags, words, this.#password);
  }

  async dispose(): Promise<void> {
    await this.#process.dispose();
    this.#certificates?.dispose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

export function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  return RedisServer.start(options);
}
