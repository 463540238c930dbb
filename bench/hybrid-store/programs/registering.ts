import type { SocketRow } from '@triterm/core/store';
import { figuresOf } from '../figures.ts';
import { randomFrom } from '../zipf.ts';
import type { Place } from './place.ts';

const SOCKETS_A_TERMINAL = 2;
const SOCKETS_A_USER = 10;
/** Calls that are timed together. */
const CHUNK = 20;
/** Changes before it is waited until Redis has heard of them. */
const AT_ONCE = 2000;

export interface SocketRange {
  /** Numbers of sockets of this server, the last one excluded. */
  readonly from: number;
  readonly to: number;
}

function socket({ options, store }: Place, number: number, name = `${number}`): SocketRow {
  const { serverId } = options;
  return {
    socketId: `socket-${serverId}-${name}`,
    // Each terminal has sockets of every server.
    terminalId: `terminal-${Math.floor(number / SOCKETS_A_TERMINAL)}`,
    userId: `user-${Math.floor(number / SOCKETS_A_USER)}`,
    serverId,
    incarnation: store.lease.incarnation,
    deviceId: `device-${number}`,
    deviceName: 'a device',
    connectedAt: 1_750_000_000_000 + number,
  };
}

/** Redis knows all that this server has told: a hand-over waits for it. */
async function told(place: Place): Promise<void> {
  await place.untilUp();
  const { terminalId, socketId } = socket(place, 0);
  await place.store.registry.setPrimarySocket(terminalId, socketId);
}

export async function addSockets(place: Place, { from, to }: SocketRange): Promise<void> {
  await place.untilUp();
  for (let number = from; number < to; number += 1) {
    await place.store.registry.addSocket(socket(place, number));
    if (number % AT_ONCE === 0) await told(place);
  }
  await told(place);
}

export async function removeSockets(place: Place, { from, to }: SocketRange): Promise<void> {
  for (let number = from; number < to; number += 1) {
    const { terminalId, socketId } = socket(place, number);
    await place.store.registry.removeSocket(terminalId, socketId);
    if (number % AT_ONCE === 0) await told(place);
  }
  await told(place);
}

export interface RegistryOptions {
  /** Sockets that each server has. */
  readonly registered: number;
  readonly calls: number;
  readonly seed: number;
  readonly otherServer: string;
}

export interface RegistryDone {
  /** A call in the median chunk, by what is called. */
  readonly microseconds: Readonly<Record<string, number>>;
  /** Redis was used all the time; else some lookups went to the database. */
  readonly steady: boolean;
}

export async function registryCosts(place: Place, options: RegistryOptions): Promise<RegistryDone> {
  await place.untilUp();
  const { resyncs } = place.store.sessions.stats();
  const { registered, calls, seed, otherServer } = options;
  const { registry } = place.store;
  const random = randomFrom(seed);
  // Each on a terminal that is there, or on the same as another one.
  const guests = Array.from({ length: calls }, (_, index) =>
    socket(place, Math.floor(random() * registered), `guest-${index}`),
  );
  const each = async (work: (guest: SocketRow) => Promise<unknown>, after?: () => Promise<void>) => {
    const chunks: number[] = [];
    for (let at = 0; at < calls; at += CHUNK) {
      const some = guests.slice(at, at + CHUNK);
      const startedMs = performance.now();
      for (const guest of some) await work(guest);
      await after?.();
      chunks.push(((performance.now() - startedMs) * 1000) / some.length);
    }
    return figuresOf(chunks).p50;
  };
  const flush = () => told(place);
  const add = (guest: SocketRow) => registry.addSocket(guest);
  const remove = ({ terminalId, socketId }: SocketRow) => registry.removeSocket(terminalId, socketId);
  const others = guests.map(
    (_, index) => `socket-${otherServer}-${Math.floor((index * registered) / calls)}`,
  );
  const looked = others.values();
  const microseconds = {
    add: await each(add),
    remove: await each(remove),
    'add, until Redis has it': await each(add, flush),
    'remove, until Redis has it': await each(remove, flush),
    'sockets of a terminal': await each(({ terminalId }) => registry.getSocketsForTerminal(terminalId)),
    'terminals of a user': await each(({ userId }) => registry.getTerminalsForUser(userId)),
    "whether another server's is connected": await each(() =>
      registry.isSocketConnected(looked.next().value ?? ''),
    ),
  };
  const { sessions } = place.store;
  return { microseconds, steady: sessions.isUp && sessions.stats().resyncs === resyncs };
}
