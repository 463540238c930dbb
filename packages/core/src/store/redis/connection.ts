import { Cluster, Redis } from 'ioredis';
import { TermError } from '../../errors/index.ts';
import { withDeadline } from '../deadline.ts';
import { attemptFailure, reasonOf, sentinelReason } from './attempt-failure.ts';
import {
  clusterOptions,
  commandTimeoutMs,
  connectTimeoutMs,
  redisOptions,
  retryDelayMs,
} from './client-options.ts';
import { failureOf, linkError, linkFailure, reasonIn } from './failure.ts';
import { FaultPoint } from './fault-point.ts';
import { admit } from './handshake.ts';
import type { LinkObserver } from './redis-link.ts';
import { SentinelWatch } from './sentinel-watch.ts';
import { endpointText, type RedisAddress, type RedisSettings } from './settings.ts';

export type Client = Redis | Cluster;

/**
 * The connection that commands go through: made anew for ever, and open to commands only once the server was found to be one
 * that may be used.
 */
export class Connection {
  readonly client: Client;
  readonly endpoint: string;
  readonly faults = new FaultPoint();
  readonly #settings: RedisSettings;
  readonly #observers: LinkObserver[] = [];
  #admitted = false;
  #closed = false;
  /** Of this attempt: the handshake is through with TCP and TLS. */
  #reached = false;
  /** Of this attempt. */
  #error: unknown;
  #isOver = false;
  /** Why the last attempt failed; undefined while it stands. */
  #lastFailure: TermError | undefined;
  #timesConnected = 0;
  readonly #watch: SentinelWatch | undefined;

  constructor(settings: RedisSettings, observer?: LinkObserver) {
    this.#settings = settings;
    this.endpoint = endpointText(settings);
    if (observer !== undefined) this.#observers.push(observer);
    const retry = (attempt: number) => this.#retryDelayMs(attempt);
    this.client =
      settings.topology === 'cluster'
        ? new Cluster(
            settings.nodes.map(({ host, port }) => ({ host, port })),
            clusterOptions(settings, retry),
          )
        : new Redis(redisOptions(settings, retry));
    this.#listen();
    // Why it failed is told by `error` before; the attempts go on.
    this.client.connect().catch(() => {});
    if (settings.topology === 'sentinel')
      this.#watch = new SentinelWatch(
        settings,
        () => this.#address(),
        () => this.reconnect(),
      );
  }

  get cluster(): boolean {
    return this.#settings.topology === 'cluster';
  }

  get settings(): RedisSettings {
    return this.#settings;
  }

  get reconnects(): number {
    return Math.max(0, this.#timesConnected - 1);
  }

  get lastFailure(): TermError | undefined {
    return this.#lastFailure;
  }

  /** Why commands may not be sent now; undefined when they may. */
  refusal(what: string): TermError | undefined {
    if (this.#closed) return linkFailure(what, this.endpoint, 'disconnected', 'the link was closed');
    if (this.#admitted) return undefined;
    if (this.#lastFailure?.code === 'CACHE_REFUSED') return this.#lastFailure;
    return linkFailure(what, this.endpoint, 'disconnected', reasonIn(this.#lastFailure));
  }

  observe(observer: LinkObserver): void {
    this.#observers.push(observer);
  }

  tell(event: (observer: LinkObserver) => void): void {
    for (const observer of this.#observers) event(observer);
  }

  /** Looks for the master anew: this one is none any more. */
  reconnect(): void {
    if (this.#admitted) this.tell(observer => observer.topologyChanged());
    if (this.client instanceof Redis && this.client.status === 'ready') this.client.disconnect(true);
  }

  /** Ends what stands; the next attempt begins at once. */
  sever(): void {
    this.client.disconnect(true);
  }

  close(): void {
    if (this.#closed) return;
    this.#lose('the link was closed');
    this.#closed = true;
    this.#watch?.close();
    this.client.disconnect();
  }

  #address(): RedisAddress | undefined {
    if (!(this.client instanceof Redis) || this.client.status !== 'ready') return undefined;
    const { remoteAddress: host, remotePort: port } = this.client.stream;
    return host === undefined || port === undefined ? undefined : { host, port };
  }

  #listen(): void {
    const { client } = this;
    client.on('error', (error: unknown) => {
      // ioredis asks the sentinels in turn, and tells of each; after the last one nothing else ends the attempt.
      if (error instanceof Error && error.message.startsWith('All sentinels')) this.#attemptEnded();
      else this.#note(error);
    });
    client.on('sentinelError', (error: Error) => this.#note(sentinelReason(error)));
    client.on('node error', (error: unknown) => this.#note(error));
    client.on('connect', () => {
      this.#reached = true;
    });
    client.on('ready', () => void this.#admit());
    client.on('connecting', () => {
      this.#isOver = false;
    });
    client.on('close', () => {
      // A cluster tells it once for each node.
      if (!this.#isOver) this.#attemptEnded();
      this.#isOver = true;
    });
    for (const event of ['+node', '-node']) {
      client.on(event, () => {
        if (this.#admitted) this.tell(observer => observer.topologyChanged());
      });
    }
  }

  #note(thrown: unknown): void {
    const error = reasonOf(thrown);
    if (error === undefined) return;
    if (this.#error === undefined || failureOf(error) !== 'disconnected') this.#error = error;
    if (!this.#admitted) this.#lastFailure = this.#failure();
  }

  async #admit(): Promise<void> {
    try {
      if (this.faults.isDown || this.faults.isSilent)
        throw linkFailure('handshake', this.endpoint, 'disconnected', 'a drill lets it fail');
      await withDeadline(
        admit(this.client, this.#settings, this.endpoint),
        connectTimeoutMs(this.#settings),
        () => linkFailure('handshake', this.endpoint, 'timeout', undefined),
      );
    } catch (thrown) {
      this.#error = linkError('handshake', this.endpoint, thrown);
      this.client.disconnect(true);
      return;
    }
    if (this.#closed || this.client.status !== 'ready' || this.#admitted) return;
    this.#admitted = true;
    this.#lastFailure = undefined;
    this.#error = undefined;
    this.#timesConnected += 1;
    this.tell(observer => observer.connected());
  }

  #attemptEnded(): void {
    const failure = this.#failure();
    this.#reached = false;
    this.#error = undefined;
    if (this.#closed) return;
    this.#lastFailure = failure;
    this.#lose(failure.message);
  }

  #lose(reason: string): void {
    this.#admitted = false;
    if (!this.#closed) this.tell(observer => observer.disconnected(reason));
  }

  /** ioredis counts attempts from the last time that it was ready: a server that we did not admit was that too. */
  #retryDelayMs(attempt: number): number {
    const wasRefused = this.#error instanceof TermError || this.#lastFailure?.code === 'CACHE_REFUSED';
    return retryDelayMs(wasRefused ? Number.MAX_SAFE_INTEGER : attempt);
  }

  #failure(): TermError {
    return attemptFailure({
      endpoint: this.endpoint,
      tls: this.#settings.tls !== undefined,
      reached: this.#reached,
      admitted: this.#admitted,
      error: this.#error,
    });
  }

  get commandTimeoutMs(): number {
    return commandTimeoutMs(this.#settings);
  }
}
