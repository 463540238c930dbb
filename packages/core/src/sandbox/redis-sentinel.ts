import { Certificates } from './certificates.ts';
import { cliFlags, listenLines } from './redis-certificates.ts';
import { eventually, RedisProcess } from './redis-process.ts';

const QUORUM = 2;
const SENTINELS = 3;
const FAILOVER_DEADLINE_MS = 20_000;
/** A link to the replica breaks first when its master is killed; it should not wait long to be promoted. */
const DOWN_AFTER_MS = 500;

export interface SentinelGroupOptions {
  /** Of master and replica. */
  readonly password?: string;
  /** All of them speak TLS only. */
  readonly tls?: boolean;
  /** Where their directories are made; in the system's temporary one unless given. */
  readonly below?: string;
}

/** A master, a replica and three sentinels that agree by two. */
export class RedisSentinelGroup {
  readonly name = 'triterm-test';
  readonly #data: RedisProcess[] = [];
  readonly #sentinels: RedisProcess[] = [];

  readonly #password: string | undefined;
  readonly #below: string | undefined;
  readonly #certificates: Certificates | undefined;

  private constructor({ password, tls = false, below }: SentinelGroupOptions) {
    this.#password = password;
    this.#below = below;
    this.#certificates = tls ? new Certificates() : undefined;
  }

  static async start(options: SentinelGroupOptions = {}): Promise<RedisSentinelGroup> {
    const group = new RedisSentinelGroup(options);
    try {
      await group.#begin();
      return group;
    } catch (error) {
      await group.dispose();
      throw error;
    }
  }

  /** PEM text that a client has to trust, with TLS. */
  get ca(): string | undefined {
    return this.#certificates?.pem();
  }

  get sentinels(): { readonly host: string; readonly port: number }[] {
    return this.#sentinels.map(({ host, port }) => ({ host, port }));
  }

  /** The port of the master by the sentinels' word. */
  async masterPort(): Promise<number> {
    const [sentinel] = this.#sentinels;
    const answer = await sentinel?.cli(this.#flags, ['sentinel', 'get-master-addr-by-name', this.name]);
    return Number(answer?.split('\n')[1]);
  }

  /** The data server on this port. */
  server(port: number): RedisProcess {
    const found = this.#data.find(server => server.port === port);
    if (found === undefined) throw new Error(`no server of the group has port ${port}`);
    return found;
  }

  /** The data server that is not on this port. */
  otherThan(port: number): RedisProcess {
    const found = this.#data.find(server => server.port !== port);
    if (found === undefined) throw new Error('the group has one server only');
    return found;
  }

  /** An administrator's command to one of the data servers; its answer as text. */
  ask(server: RedisProcess, ...words: string[]): Promise<string> {
    return server.cli(this.#flags, words, this.#password);
  }

  /** Resolves when all sentinels name another master than the one on `port`, and it takes writes. */
  async switchedFrom(port: number): Promise<void> {
    await eventually(
      'another master',
      async () => {
        const ports = await Promise.all(
          this.#sentinels.map(sentinel =>
            sentinel.cli(this.#flags, ['sentinel', 'get-master-addr-by-name', this.name]),
          ),
        );
        const master = Number(ports[0]?.split('\n')[1]);
        if (ports.some(answer => Number(answer.split('\n')[1]) !== master) || master === port) return false;
        return (await this.ask(this.server(master), 'role')).startsWith('master');
      },
      FAILOVER_DEADLINE_MS,
    );
  }

  /** Hands over to the replica, both being well. */
  async handOver(): Promise<void> {
    const port = await this.masterPort();
    await this.#sentinels[0]?.cli(this.#flags, ['sentinel', 'failover', this.name]);
    await this.switchedFrom(port);
  }

  /** Cuts the master off from sentinels and replica, while who is connected to it stays so. Resolves when there is another one. */
  async isolate(port: number): Promise<void> {
    await this.cutOff(port);
    await this.switchedFrom(port);
  }

  /** The same, but does not wait for another one. */
  async cutOff(port: number): Promise<void> {
    const server = this.server(port);
    await this.ask(server, 'config', 'set', 'requirepass', 'isolated');
    const admin = (...words: string[]) => server.cli(this.#flags, words, 'isolated');
    const clients = await admin('client', 'list');
    for (const [, id = ''] of clients.matchAll(/^id=(\d+) .*name=sentinel-/gm))
      await admin('client', 'kill', 'id', id);
    await admin('client', 'kill', 'type', 'replica');
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.#sentinels, ...this.#data].map(server => server.dispose()));
    this.#certificates?.dispose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  get #flags(): readonly string[] {
    return cliFlags(this.#certificates);
  }

  async #begin(): Promise<void> {
    const [password, certificates] = [this.#password, this.#certificates];
    const listen = (port: number) => [
      ...listenLines(port, certificates),
      ...(certificates === undefined ? [] : ['tls-replication yes']),
    ];
    const common = ['save ""', 'appendonly no', 'repl-diskless-sync-delay 0'];
    const login = password === undefined ? [] : [`requirepass ${password}`, `masterauth ${password}`];
    const master = await this.#startData(port => [...listen(port), ...common, ...login]);
    await this.#startData(port => [
      ...listen(port),
      `replicaof 127.0.0.1 ${master.port}`,
      ...common,
      ...login,
    ]);
    const watch = [
      `sentinel monitor ${this.name} 127.0.0.1 ${master.port} ${QUORUM}`,
      `sentinel down-after-milliseconds ${this.name} ${DOWN_AFTER_MS}`,
      `sentinel failover-timeout ${this.name} 3000`,
      ...(password === undefined ? [] : [`sentinel auth-pass ${this.name} ${password}`]),
    ];
    for (let count = 0; count < SENTINELS; count += 1) {
      const options = { sentinel: true, below: this.#below };
      const started = await RedisProcess.start(options, port => [...listen(port), ...watch]);
      this.#sentinels.push(started);
    }
    await eventually('the sentinels know each other and the replica', async () => {
      const answers = await Promise.all(
        this.#sentinels.map(sentinel => sentinel.cli(this.#flags, ['sentinel', 'master', this.name])),
      );
      return answers.every(
        answer => /num-slaves\n1\n/.test(answer) && /num-other-sentinels\n2\n/.test(answer),
      );
    });
  }

  async #startData(config: (port: number) => readonly string[]): Promise<RedisProcess> {
    const started = await RedisProcess.start({ below: this.#below }, config);
    this.#data.push(started);
    return started;
  }
}
