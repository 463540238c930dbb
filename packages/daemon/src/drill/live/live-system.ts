import { setTimeout as pause } from 'node:timers/promises';
import { verifySecureSocket } from '@triterm/core/config';
import { newToken } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import { ProtocolClient } from '@triterm/core/sandbox/protocol-client';
import type { Place, RedisFault } from '../place.ts';

/** A fault ends by itself after this time, should nobody be left to end it. */
const FAULT_LAPSE_MS = 60_000;
const CLEAN_UP_MS = 5000;

/** The running daemon, through its unix socket. Drills touch sessions of their own there, and nobody else's. */
export class LiveSystem implements Place {
  readonly #socket: string;
  readonly #clients: ProtocolClient[] = [];
  readonly #sessions: string[] = [];
  readonly #run = newToken().slice(0, 6).toLowerCase();
  /** The fault point is bound to this connection: the daemon restores Redis when it ends. */
  #control: Promise<ProtocolClient> | undefined;
  #names = 0;

  constructor(socket: string) {
    this.#socket = socket;
  }

  async client(): Promise<ProtocolClient> {
    const client = await this.#connect();
    this.#clients.push(client);
    return client;
  }

  sessionName(word: string): string {
    this.#names += 1;
    const name = `drill-${this.#run}-${word}-${this.#names}`;
    this.#sessions.push(name);
    return name;
  }

  async breakRedis(fault: RedisFault): Promise<void> {
    await (await this.#controlled()).request('drill.break', { ...fault, lapseMs: FAULT_LAPSE_MS });
  }

  async restoreRedis(): Promise<void> {
    await (await this.#controlled()).request('drill.restore', {});
  }

  /** Restores Redis, removes the sessions that drills have left, and closes every connection. Goes on when something of it fails. */
  async dispose(): Promise<void> {
    const control = await this.#control?.catch(() => undefined);
    await control?.close();
    const clients = this.#clients.splice(0);
    // A drill that was interrupted may still be making sessions.
    const enough = new AbortController();
    const deadline = pause(CLEAN_UP_MS, undefined, { signal: enough.signal }).catch(() => {});
    await Promise.race([Promise.all(clients.map(client => client.finish())), deadline]);
    enough.abort();
    for (const client of clients) await client.close();
    await this.#removeLeftSessions();
  }

  #controlled(): Promise<ProtocolClient> {
    this.#control ??= this.#connect();
    return this.#control;
  }

  /** Rejects with DAEMON_UNREACHABLE, and with UNSAFE_PATH when somebody else could have made the socket. */
  async #connect(): Promise<ProtocolClient> {
    if (!verifySecureSocket(this.#socket))
      throw new TermError('DAEMON_UNREACHABLE', `No daemon listens on ${this.#socket}.`);
    return await ProtocolClient.connect(this.#socket);
  }

  async #removeLeftSessions(): Promise<void> {
    const names = this.#sessions.splice(0);
    if (names.length === 0) return;
    const client = await this.#connect();
    try {
      const { sessions } = await client.request('session.list', {}, CLEAN_UP_MS);
      const left: string[] = [];
      let cause: unknown;
      for (const { id, name, state } of sessions) {
        if (!names.includes(name)) continue;
        await remove(client, id, state === 'running').catch((thrown: unknown) => {
          if (TermError.from(thrown).code === 'SESSION_NOT_FOUND') return;
          left.push(name);
          cause = thrown;
        });
      }
      if (left.length > 0)
        throw new TermError('TIMEOUT', `Sessions of the drill could not be removed: ${left.join(', ')}.`, {
          cause,
          hint: `Remove them with \`triterm kill ${left.join(' ')}\`.`,
        });
    } finally {
      await client.close();
    }
  }
}

/** One that has ended is removed by killing it once more. */
async function remove(client: ProtocolClient, id: string, isRunning: boolean): Promise<void> {
  if (isRunning) {
    await client.request('session.kill', { target: id, signal: 'SIGKILL' }, CLEAN_UP_MS);
    const wait = { target: id, condition: { kind: 'exit' as const }, timeoutMs: CLEAN_UP_MS };
    await client.request('session.wait', wait, CLEAN_UP_MS);
  }
  await client.request('session.kill', { target: id }, CLEAN_UP_MS);
}
