import { freePort } from '../../src/sandbox/free-port.ts';
import { eventually, RedisProcess } from '../../src/sandbox/redis-process.ts';
import type { RedisAddress } from '../../src/store/redis/settings.ts';

const SLOTS = 16_384;
const MASTERS = 3;
const NODE_TIMEOUT_MS = 1000;

/** Three masters that share the slots. */
export class RedisCluster {
  readonly servers: RedisProcess[] = [];

  /** `config` are further lines for each node. */
  static async start(config: readonly string[] = []): Promise<RedisCluster> {
    const cluster = new RedisCluster();
    try {
      await cluster.#begin(config);
      return cluster;
    } catch (error) {
      await cluster.dispose();
      throw error;
    }
  }

  get nodes(): RedisAddress[] {
    return this.servers.map(({ host, port }) => ({ host, port }));
  }

  /** Resolves when these nodes (all unless given) find the cluster in this state. */
  async reached(state: 'ok' | 'fail', servers: readonly RedisProcess[] = this.servers): Promise<void> {
    await this.#answered(`the cluster is ${state}`, servers, `cluster_state:${state}`);
  }

  async dispose(): Promise<void> {
    await Promise.all(this.servers.map(server => server.dispose()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  async #begin(config: readonly string[]): Promise<void> {
    const busPorts: number[] = [];
    for (let count = 0; count < MASTERS; count += 1) {
      const busPort = await freePort();
      busPorts.push(busPort);
      const started = await RedisProcess.start({}, port => [
        `port ${port}`,
        'save ""',
        'appendonly no',
        'cluster-enabled yes',
        `cluster-port ${busPort}`,
        `cluster-node-timeout ${NODE_TIMEOUT_MS}`,
        ...config,
      ]);
      this.servers.push(started);
    }
    const [first] = this.servers;
    for (const [index, server] of this.servers.entries()) {
      const from = Math.floor((index * SLOTS) / MASTERS);
      const to = Math.floor(((index + 1) * SLOTS) / MASTERS) - 1;
      await server.cli([], ['cluster', 'set-config-epoch', String(index + 1)]);
      await server.cli([], ['cluster', 'addslotsrange', String(from), String(to)]);
      if (server !== first)
        await first?.cli([], ['cluster', 'meet', server.host, String(server.port), String(busPorts[index])]);
    }
    // Where slots may lack, a node is well before it has met the others: one that knows but the first is lost with it.
    await this.#answered('every node knows every slot', this.servers, `cluster_slots_ok:${SLOTS}`);
    await this.reached('ok');
  }

  async #answered(what: string, servers: readonly RedisProcess[], expected: string): Promise<void> {
    let answers: string[] = [];
    const told = async () => {
      answers = await Promise.all(servers.map(server => server.cli([], ['cluster', 'info'])));
      return answers.every(answer => answer.includes(expected));
    };
    await eventually(what, told).catch((cause: unknown) => {
      throw new Error(`${what} in vain:\n${answers.join('\n')}`, { cause });
    });
  }
}
