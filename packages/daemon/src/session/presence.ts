import { TermError } from '@triterm/core/errors';
import type { DeviceInfo } from '@triterm/core/protocol';
import { type SocketRegistry, withDeadline } from '@triterm/core/store';
import type { Attachment } from './attachment.ts';
import { deviceInfos } from './devices.ts';

/** How often clients that were heard are told of. */
const PING_INTERVAL_MS = 5000;
/** Nobody waits longer for what only the registry knows. */
const REGISTRY_MS = 500;

export interface PresenceDependencies {
  readonly registry: SocketRegistry;
  readonly serverId: string;
  /** Of this server's lease, at the time of the call. */
  readonly incarnation: () => number;
  trouble(session: string, what: string, error: unknown): void;
}

interface Present {
  readonly terminalId: string;
  /** Monotonic time of the last ping that was told of. */
  toldAtMs: number;
}

/**
 * Tells the registry of all servers who is attached here. What happens on one terminal is told in its order; nothing here waits
 * for it.
 */
export class Presence {
  readonly #d: PresenceDependencies;
  readonly #present = new Map<Attachment, Present>();
  /** The last thing told of each terminal. */
  readonly #telling = new Map<string, Promise<void>>();
  readonly #timer: NodeJS.Timeout;

  constructor(dependencies: PresenceDependencies) {
    this.#d = dependencies;
    this.#timer = setInterval(() => this.#tellPings(), PING_INTERVAL_MS).unref();
  }

  joined(terminalId: string, attachment: Attachment): void {
    const { registry, serverId, incarnation } = this.#d;
    this.#present.set(attachment, { terminalId, toldAtMs: attachment.heardAtMs });
    this.#tell(terminalId, 'registering a client', () =>
      registry.addSocket({
        socketId: attachment.id,
        terminalId,
        userId: attachment.userId,
        serverId,
        incarnation: incarnation(),
        deviceId: attachment.deviceId,
        deviceName: attachment.deviceName,
        connectedAt: Date.parse(attachment.attachedAt),
      }),
    );
  }

  left(terminalId: string, attachment: Attachment): void {
    if (!this.#present.delete(attachment)) return;
    this.#tell(terminalId, 'unregistering a client', () =>
      this.#d.registry.removeSocket(terminalId, attachment.id),
    );
  }

  /** The devices on a terminal of this server; `attachments` are its clients. By those alone while the registry can't be asked. */
  async devices(terminalId: string, attachments: Iterable<Attachment>): Promise<DeviceInfo[]> {
    const asked = this.#d.registry.getDevicesForTerminal(terminalId);
    const registered = await withDeadline(asked, REGISTRY_MS, noAnswer).catch(error => {
      this.#d.trouble(terminalId, 'looking up devices', error);
      return [];
    });
    const moment = { serverId: this.#d.serverId, now: Date.now(), nowMs: performance.now() };
    return deviceInfos(attachments, registered, moment);
  }

  /** It is the primary one from now on. */
  primary(terminalId: string, attachment: Attachment): void {
    this.#tell(terminalId, 'handing over to a client', () =>
      this.#d.registry.setPrimarySocket(terminalId, attachment.id),
    );
  }

  /** Everybody is gone from here. Resolves when that was told. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#present.clear();
    await Promise.all(this.#telling.values());
    await this.#d.registry.clear().catch(error => this.#d.trouble('', 'leaving the registry', error));
  }

  #tellPings(): void {
    for (const [attachment, present] of this.#present) {
      if (attachment.heardAtMs <= present.toldAtMs) continue;
      present.toldAtMs = attachment.heardAtMs;
      this.#tell(present.terminalId, 'telling that a client was heard', () =>
        this.#d.registry.updatePing(attachment.id),
      );
    }
  }

  #tell(terminalId: string, what: string, work: () => Promise<unknown>): void {
    const before = this.#telling.get(terminalId) ?? Promise.resolve();
    const told = before.then(work).then(
      () => {},
      error => this.#d.trouble(terminalId, what, error),
    );
    this.#telling.set(terminalId, told);
    void told.then(() => {
      if (this.#telling.get(terminalId) === told) this.#telling.delete(terminalId);
    });
  }
}

function noAnswer(): TermError {
  return new TermError('STORE_UNAVAILABLE', `The registry has not answered within ${REGISTRY_MS} ms.`);
}
