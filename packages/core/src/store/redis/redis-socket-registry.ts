import * as z from 'zod';
import { chunks } from '../chunks.ts';
import type { SocketRow } from '../database.ts';
import { byArrival, deviceCount, devicesOf, statsOf } from '../registry/arrival.ts';
import type {
  RegisteredDevice,
  RegisteredSocket,
  RegistryStats,
  SocketRegistry,
} from '../socket-registry.ts';
import { KEY_PREFIX } from './key-names.ts';
import type { RedisLink, RedisScript } from './redis-link.ts';
import {
  type Member,
  memberText,
  parseMember,
  parseRead,
  putArguments,
  type TerminalRead,
} from './registry-rows.ts';
import { REGISTRY_HAND_OVER } from './scripts/registry-hand-over.ts';
import { REGISTRY_HEARD } from './scripts/registry-heard.ts';
import { REGISTRY_HINT } from './scripts/registry-hint.ts';
import { REGISTRY_MEMBERS } from './scripts/registry-members.ts';
import { REGISTRY_PUT } from './scripts/registry-put.ts';
import { REGISTRY_READ } from './scripts/registry-read.ts';
import { REGISTRY_REAP } from './scripts/registry-reap.ts';
import { REGISTRY_REMOVE } from './scripts/registry-remove.ts';
import { REGISTRY_RENEW } from './scripts/registry-renew.ts';
import { REGISTRY_SUMMARY } from './scripts/registry-summary.ts';

export const DEFAULT_SOCKET_LEASE_MS = 15_000;
/** Calls of one pipeline. */
const CALLS_AT_ONCE = 64;
/** Sockets of one call. */
const SOCKETS_AT_ONCE = 64;
/** For pipelines: nobody's answer to a keystroke waits for them. */
const BATCH_DEADLINE_MS = 500;
/** Terminals that a survey looks at, and that one hint may name. */
const MAX_TERMINALS = 100_000;

export interface RedisRegistryOptions {
  readonly link: RedisLink;
  /** The server whose sockets `clear` removes. */
  readonly serverId: string;
  /** How long an entry lives unless it is renewed. */
  readonly leaseMs?: number;
}

/** Whom a server knows as primary of a terminal. `force`: since a hand-over that Redis has not heard of. */
export interface KnownPrimary {
  readonly socketId: string;
  readonly force: boolean;
}

export interface RegisteredMember extends Member {
  readonly terminalId: string;
}

type Call = { readonly keys: readonly string[]; readonly args: readonly (string | number)[] };

const summaryAnswer = z.tuple([z.string(), z.number()]);
const texts = z.array(z.string());

/**
 * Sockets of all servers in Redis. Whatever is not renewed goes by itself: entries at the end of their lease, keys with their last
 * entry. Which sockets a terminal has is decided by its own keys, in one script each; where a user or a socket is to be
 * looked for is a hint. Rejects with CACHE_UNAVAILABLE or CACHE_REFUSED within the command deadline.
 */
export class RedisSocketRegistry implements SocketRegistry {
  readonly #link: RedisLink;
  readonly #serverId: string;
  readonly #leaseMs: number;

  constructor({ link, serverId, leaseMs = DEFAULT_SOCKET_LEASE_MS }: RedisRegistryOptions) {
    this.#link = link;
    this.#serverId = serverId;
    this.#leaseMs = leaseMs;
  }

  async addSocket(socket: SocketRow): Promise<void> {
    await this.publish([{ ...socket, lastPingAt: socket.connectedAt }], new Map());
  }

  /**
   * Registers sockets, or begins their leases anew, and makes good what was evicted. Returns the primary of each terminal that it
   * touched.
   */
  async publish(
    sockets: readonly RegisteredSocket[],
    primaries: ReadonlyMap<string, KnownPrimary>,
  ): Promise<Map<string, string | undefined>> {
    const puts = [...Map.groupBy(sockets, ({ terminalId }) => terminalId)].flatMap(([terminalId, own]) =>
      chunks(own, SOCKETS_AT_ONCE).map((some, index, all) => {
        // Not before the last call has it as a member.
        const known = index === all.length - 1 ? primaries.get(terminalId) : undefined;
        const mode = known === undefined ? 'keep' : known.force ? 'force' : 'absent';
        const args = [this.#leaseMs, mode, known?.socketId ?? '', ...some.flatMap(putArguments)];
        return { terminalId, call: { keys: this.#keys(terminalId), args } };
      }),
    );
    const put = () =>
      this.#run(
        REGISTRY_PUT,
        puts.map(({ call }) => call),
      );
    // Who finds a socket by its terminal finds it by its hints too: these are sent before, and in one go if they are few.
    const hints = this.#hints(sockets);
    const hinted = this.#run(REGISTRY_HINT, hints);
    const [answers] =
      hints.length > CALLS_AT_ONCE ? [await hinted.then(put)] : await Promise.all([put(), hinted]);
    return new Map(puts.map(({ terminalId }, index) => [terminalId, textOrNone(answers[index])]));
  }

  /**
   * Begins their leases anew, at little cost. Returns those that are to be published, because something was lost: of the terminals in
   * `primaries` that somebody is primary, too.
   */
  async renew(
    sockets: readonly RegisteredSocket[],
    primaries: ReadonlyMap<string, KnownPrimary>,
  ): Promise<RegisteredSocket[]> {
    const groups = [...Map.groupBy(sockets, ({ terminalId }) => terminalId)].flatMap(([terminalId, own]) =>
      chunks(own, SOCKETS_AT_ONCE).map(some => ({ terminalId, some })),
    );
    const calls = groups.map(({ terminalId, some }) => ({
      keys: this.#keys(terminalId),
      args: [this.#leaseMs, primaries.has(terminalId) ? '1' : '', ...some.map(memberText)],
    }));
    const answers = await this.#run(REGISTRY_RENEW, calls);
    return groups.flatMap(({ some }, index) => (answers[index] === 1 ? [] : some));
  }

  async removeSocket(terminalId: string, socketId: string): Promise<boolean> {
    const removed = await this.#link.script(REGISTRY_REMOVE, this.#keys(terminalId), [socketId]);
    return texts.parse(removed).length > 0;
  }

  /** Many, of many terminals. */
  async removeSockets(sockets: readonly Pick<SocketRow, 'socketId' | 'terminalId'>[]): Promise<void> {
    const calls = [...Map.groupBy(sockets, ({ terminalId }) => terminalId)].flatMap(([terminalId, own]) =>
      chunks(own, SOCKETS_AT_ONCE).map(some => ({
        keys: this.#keys(terminalId),
        args: some.map(({ socketId }) => socketId),
      })),
    );
    await this.#run(REGISTRY_REMOVE, calls);
  }

  async removeSocketFromAllTerminals(socketId: string): Promise<string[]> {
    const terminals = await this.#hinted(this.#link.keys.socketTerminals(socketId));
    const calls = terminals.map(terminalId => ({ keys: this.#keys(terminalId), args: [socketId] }));
    const removed = await this.#run(REGISTRY_REMOVE, calls);
    return terminals.filter((_, index) => texts.parse(removed[index]).length > 0);
  }

  async getSocketsForTerminal(terminalId: string): Promise<RegisteredSocket[]> {
    return (await this.#read(terminalId)).sockets;
  }

  async getDevicesForTerminal(terminalId: string): Promise<RegisteredDevice[]> {
    const { sockets, primary } = await this.#read(terminalId);
    return devicesOf(sockets, primary?.socketId);
  }

  async getPrimarySocket(terminalId: string): Promise<string | undefined> {
    return (await this.getPrimary(terminalId))?.socketId;
  }

  /** The primary with its server. */
  async getPrimary(terminalId: string): Promise<Member | undefined> {
    const [primary] = await this.#summary(terminalId);
    return parseMember(primary);
  }

  async setPrimarySocket(terminalId: string, socketId: string, expected?: string | null): Promise<boolean> {
    const compare = expected === undefined ? [0, ''] : [1, expected ?? ''];
    const args = [socketId, this.#leaseMs, ...compare];
    return (await this.#link.script(REGISTRY_HAND_OVER, this.#keys(terminalId), args)) === 1;
  }

  async updatePing(socketId: string): Promise<boolean> {
    return (await this.#membersOf(socketId, 1)).length > 0;
  }

  async isSocketConnected(socketId: string): Promise<boolean> {
    return (await this.#membersOf(socketId, 0)).length > 0;
  }

  async getDeviceCount(terminalId: string): Promise<number> {
    return deviceCount(await this.getSocketsForTerminal(terminalId));
  }

  async hasConnectedDevices(terminalId: string): Promise<boolean> {
    const [, sockets] = await this.#summary(terminalId);
    return sockets > 0;
  }

  async getTerminalsForSocket(socketId: string): Promise<string[]> {
    return (await this.findSocket(socketId)).map(({ terminalId }) => terminalId);
  }

  /** Where it is, with its server. */
  findSocket(socketId: string): Promise<RegisteredMember[]> {
    return this.#membersOf(socketId, 0);
  }

  async getTerminalsForUser(userId: string): Promise<string[]> {
    const sockets = await this.socketsOfUser(userId);
    return [...new Set(sockets.map(({ terminalId }) => terminalId))];
  }

  async socketsOfUser(userId: string): Promise<RegisteredSocket[]> {
    const terminals = await this.#hinted(this.#link.keys.userTerminals(userId));
    const calls = terminals.map(terminalId => ({ keys: this.#keys(terminalId), args: [] }));
    const answers = await this.#run(REGISTRY_READ, calls);
    return terminals.flatMap((terminalId, index) =>
      parseRead(terminalId, answers[index]).sockets.filter(socket => socket.userId === userId),
    );
  }

  async clear(): Promise<void> {
    await this.reap(this.#serverId, undefined, await this.#terminals());
  }

  /**
   * Removes a server's sockets of incarnations below `incarnation` (undefined: all) from these terminals; where they are not
   * known, their leases end. Returns how many.
   */
  async reap(
    serverId: string,
    incarnation: number | undefined,
    terminalIds: readonly string[],
  ): Promise<number> {
    const args = [serverId, incarnation ?? ''];
    const calls = terminalIds.map(terminalId => ({ keys: this.#keys(terminalId), args }));
    const answers = await this.#run(REGISTRY_REAP, calls);
    return answers.reduce<number>((sum, count) => sum + Number(count), 0);
  }

  async getStats(): Promise<RegistryStats> {
    return statsOf(await this.survey());
  }

  /** Everything that is registered, by SCAN. For people, not for the way to an answer. */
  async survey(): Promise<RegisteredMember[]> {
    const terminals = await this.#terminals();
    const calls = terminals.map(terminalId => ({ keys: [this.#link.keys.sockets(terminalId)], args: [] }));
    const answers = await this.#run(REGISTRY_MEMBERS, calls);
    return terminals.flatMap((terminalId, index) =>
      texts.parse(answers[index]).flatMap(text => registered(terminalId, text)),
    );
  }

  async #read(terminalId: string): Promise<TerminalRead> {
    const read = parseRead(terminalId, await this.#link.script(REGISTRY_READ, this.#keys(terminalId), []));
    return { ...read, sockets: read.sockets.toSorted(byArrival) };
  }

  async #summary(terminalId: string): Promise<[string, number]> {
    return summaryAnswer.parse(await this.#link.script(REGISTRY_SUMMARY, this.#keys(terminalId), []));
  }

  async #membersOf(socketId: string, heard: 0 | 1): Promise<RegisteredMember[]> {
    const terminals = await this.#hinted(this.#link.keys.socketTerminals(socketId));
    const calls = terminals.map(terminalId => ({ keys: this.#keys(terminalId), args: [socketId, heard] }));
    const answers = await this.#run(REGISTRY_HEARD, calls);
    return terminals.flatMap((terminalId, index) => registered(terminalId, answers[index]));
  }

  #hinted(key: string): Promise<string[]> {
    return this.#link.command('registry-hinted', client =>
      client.zrange(key, '0', String(MAX_TERMINALS - 1)),
    );
  }

  #hints(sockets: readonly RegisteredSocket[]): Call[] {
    const { keys } = this.#link;
    const hints = new Map<string, Set<string>>();
    for (const { userId, socketId, terminalId } of sockets)
      for (const key of [keys.userTerminals(userId), keys.socketTerminals(socketId)]) {
        const terminals = hints.get(key) ?? new Set();
        hints.set(key, terminals.add(terminalId));
      }
    return [...hints].map(([key, terminals]) => ({ keys: [key], args: [this.#leaseMs, ...terminals] }));
  }

  /** In pipelines of a bounded length, one after the other. */
  async #run(script: RedisScript, calls: readonly Call[]): Promise<unknown[]> {
    const [only] = calls;
    if (only !== undefined && calls.length === 1)
      return [await this.#link.script(script, only.keys, only.args)];
    const answers: unknown[] = [];
    for (const some of chunks(calls, CALLS_AT_ONCE))
      answers.push(...(await this.#link.scripts(script, some, BATCH_DEADLINE_MS)));
    return answers;
  }

  #keys(terminalId: string): string[] {
    const { keys } = this.#link;
    return [keys.sockets(terminalId), keys.socketDetails(terminalId), keys.primary(terminalId)];
  }

  async #terminals(): Promise<string[]> {
    const prefix = `${KEY_PREFIX}sockets:`;
    const keys = await this.#link.scan('sockets:*', MAX_TERMINALS);
    return keys.map(key => key.slice(prefix.length)).map(id => (this.#link.cluster ? id.slice(1, -1) : id));
  }
}

/** None for an empty answer. */
function registered(terminalId: string, text: unknown): RegisteredMember[] {
  const member = parseMember(z.string().parse(text));
  return member === undefined ? [] : [{ ...member, terminalId }];
}

function textOrNone(answer: unknown): string | undefined {
  return typeof answer === 'string' && answer !== '' ? answer : undefined;
}
