import { isIP } from 'node:net';
import { Redis } from 'ioredis';
import { sentinelOptions } from './client-options.ts';
import type { RedisAddress, RedisSettings } from './settings.ts';

const ASK_INTERVAL_MS = 1000;

/** What one sentinel says of the master, and how recent that is: the highest epoch is the last failover. */
interface Word {
  readonly host: string;
  readonly port: number;
  readonly epoch: number;
}

/**
 * Asks all sentinels every second where the master is, and calls `moved` when we are connected to another server: a master that was cut
 * off from the others, not from us, goes on taking writes that will be lost.
 */
export class SentinelWatch {
  readonly #clients: readonly Redis[];
  readonly #name: string;
  readonly #timer: NodeJS.Timeout;
  #isAsking = false;

  constructor(
    settings: RedisSettings & { topology: 'sentinel' },
    connectedTo: () => RedisAddress | undefined,
    moved: () => void,
  ) {
    this.#name = settings.name;
    this.#clients = settings.sentinels.map(address => {
      const client = new Redis(sentinelOptions(settings, address));
      client.on('error', () => {});
      client.connect().catch(() => {});
      return client;
    });
    this.#timer = setInterval(() => void this.#check(connectedTo, moved), ASK_INTERVAL_MS);
  }

  close(): void {
    clearInterval(this.#timer);
    for (const client of this.#clients) client.disconnect();
  }

  async #check(connectedTo: () => RedisAddress | undefined, moved: () => void): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const words = await Promise.all(this.#clients.map(client => this.#ask(client)));
    this.#isAsking = false;
    const [last] = words.filter(word => word !== undefined).toSorted((a, b) => b.epoch - a.epoch);
    const now = connectedTo();
    // A name cannot be compared with the address that it has led to.
    if (last === undefined || now === undefined || isIP(last.host) === 0) return;
    if (last.port !== now.port || last.host !== now.host) moved();
  }

  /** Undefined when it can't be asked now. */
  async #ask(client: Redis): Promise<Word | undefined> {
    if (client.status !== 'ready') return undefined;
    try {
      const [address, master] = await Promise.all([
        client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', this.#name),
        client.call('SENTINEL', 'MASTER', this.#name),
      ]);
      return wordOf(address, master);
    } catch {
      return undefined;
    }
  }
}

/** `address` is [host, port], `master` a flat list of names and values (https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/). */
function wordOf(address: unknown, master: unknown): Word | undefined {
  if (!Array.isArray(address) || !Array.isArray(master)) return undefined;
  const at = master.indexOf('config-epoch');
  const word = { host: String(address[0]), port: Number(address[1]), epoch: Number(master[at + 1]) };
  return at === -1 || Number.isNaN(word.port) || Number.isNaN(word.epoch) ? undefined : word;
}
