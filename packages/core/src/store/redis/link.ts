import { createHash } from 'node:crypto';
import { withDeadline } from '../deadline.ts';
import { type Client, Connection } from './connection.ts';
import { failureIn, linkError, linkFailure } from './failure.ts';
import type { LinkFault } from './fault-point.ts';
import { KeyNames } from './key-names.ts';
import { readIdentity, readInfo, scanKeys } from './masters.ts';
import type { LinkIdentity, LinkInfo, LinkObserver, RedisLink, RedisScript } from './redis-link.ts';
import type { RedisSettings } from './settings.ts';
import { Subscription } from './subscription.ts';

/** Commands that may wait for their answers at once. More than that is a caller without measure. */
const MAX_PENDING = 10_000;
/** INFO of all nodes of a cluster, and SCAN, are not on anybody's way to an answer. */
const SURVEY_DEADLINE_MS = 1000;

type ScriptCall = { readonly keys: readonly string[]; readonly args: readonly (string | number)[] };

/** Over ioredis: a single server, the master of sentinels, or a cluster. */
export class IoredisLink implements RedisLink {
  readonly keys: KeyNames;
  readonly #connection: Connection;
  readonly #subscriptions = new Set<Subscription>();
  readonly #digests = new Map<string, string>();
  #pending = 0;

  constructor(settings: RedisSettings, observer?: LinkObserver) {
    this.#connection = new Connection(settings, observer);
    this.keys = new KeyNames(this.cluster);
  }

  get cluster(): boolean {
    return this.#connection.cluster;
  }

  async command<T>(
    what: string,
    work: (client: Client) => Promise<T>,
    deadlineMs = this.#connection.commandTimeoutMs,
  ): Promise<T> {
    const startedMs = performance.now();
    try {
      const value = await this.#run(what, work, deadlineMs);
      this.#connection.tell(observer => observer.settled('ok', performance.now() - startedMs));
      return value;
    } catch (thrown) {
      const error = linkError(what, this.#connection.endpoint, thrown);
      const failure = failureIn(error) ?? 'error';
      if (failure === 'readonly') this.#connection.reconnect();
      this.#connection.tell(observer => observer.settled(failure, performance.now() - startedMs));
      throw error;
    }
  }

  async script(
    script: RedisScript,
    keys: readonly string[],
    args: readonly (string | number)[],
    deadlineMs?: number,
  ): Promise<unknown> {
    return this.command(script.name, client => this.#eval(client, script, { keys, args }), deadlineMs);
  }

  async scripts(script: RedisScript, calls: readonly ScriptCall[], deadlineMs?: number): Promise<unknown[]> {
    if (calls.length === 0) return [];
    return this.command(script.name, client => this.#evalAll(client, script, calls), deadlineMs);
  }

  async subscribe(
    channels: readonly string[],
    listener: { message(channel: string, text: string): void; gap(): void },
  ): Promise<() => Promise<void>> {
    const subscription = new Subscription(this.#connection, channels, listener);
    this.#subscriptions.add(subscription);
    const end = async (): Promise<void> => {
      this.#subscriptions.delete(subscription);
      subscription.close();
    };
    try {
      await subscription.confirmed();
    } catch (thrown) {
      await end();
      throw thrown;
    }
    return end;
  }

  scan(pattern: string, limit: number): Promise<string[]> {
    return scanKeys(this, pattern, limit, SURVEY_DEADLINE_MS);
  }

  async identity(): Promise<LinkIdentity> {
    const identity = await readIdentity(this, this.#connection.settings.db ?? 0);
    // A demoted master answers as well as before; the name that led to it may lead elsewhere by now.
    if (!identity.master) this.#connection.reconnect();
    return identity;
  }

  async info(): Promise<LinkInfo> {
    const { settings, endpoint, reconnects, lastFailure } = this.#connection;
    return {
      topology: settings.topology,
      endpoint,
      tls: settings.tls !== undefined,
      ...(await readInfo(this, SURVEY_DEADLINE_MS)),
      reconnects,
      lastError: lastFailure?.message ?? null,
    };
  }

  observe(observer: LinkObserver): void {
    this.#connection.observe(observer);
  }

  disturb(fault: LinkFault | undefined): void {
    this.#connection.faults.set(fault);
    if (fault !== undefined && fault.kind !== 'down') return;
    this.#connection.sever();
    for (const subscription of this.#subscriptions) subscription.sever();
  }

  async close(): Promise<void> {
    for (const subscription of this.#subscriptions) subscription.close();
    this.#subscriptions.clear();
    this.#connection.close();
  }

  async #run<T>(what: string, work: (client: Client) => Promise<T>, deadlineMs: number): Promise<T> {
    const { client, endpoint } = this.#connection;
    const refusal = this.#connection.refusal(what);
    if (refusal !== undefined) throw refusal;
    if (this.#pending >= MAX_PENDING)
      throw linkFailure(what, endpoint, 'timeout', `${MAX_PENDING} commands wait for it already`);
    this.#pending += 1;
    try {
      return await withDeadline(this.#connection.faults.answer(work(client)), deadlineMs, () =>
        linkFailure(what, endpoint, 'timeout', `${deadlineMs} ms`),
      );
    } finally {
      this.#pending -= 1;
    }
  }

  async #eval(client: Client, script: RedisScript, { keys, args }: ScriptCall): Promise<unknown> {
    try {
      return await client.evalsha(this.#digest(script), keys.length, ...keys, ...args);
    } catch (thrown) {
      if (!isUnknownScript(thrown)) throw thrown;
      return await client.eval(script.source, keys.length, ...keys, ...args);
    }
  }

  async #evalAll(client: Client, script: RedisScript, calls: readonly ScriptCall[]): Promise<unknown[]> {
    // A pipeline goes to one node only.
    if (this.cluster) return Promise.all(calls.map(call => this.#eval(client, script, call)));
    const pipeline = client.pipeline();
    const digest = this.#digest(script);
    for (const { keys, args } of calls) pipeline.evalsha(digest, keys.length, ...keys, ...args);
    const answers = (await pipeline.exec()) ?? [];
    return Promise.all(
      calls.map(async (call, index) => {
        const [error, value] = answers[index] ?? [new Error('Connection is closed.')];
        if (error === null) return value;
        if (isUnknownScript(error)) return this.#eval(client, script, call);
        throw error;
      }),
    );
  }

  #digest(script: RedisScript): string {
    const known = this.#digests.get(script.name);
    if (known !== undefined) return known;
    const digest = createHash('sha1').update(script.source).digest('hex');
    this.#digests.set(script.name, digest);
    return digest;
  }
}

/** The server was restarted, or its scripts were flushed. */
function isUnknownScript(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.message.startsWith('NOSCRIPT');
}
