import type { ChannelListener, SessionRow, WholeChannel } from '@triterm/core/store';
import type { EventBus } from '../session/event-bus.ts';
import type { KnownServer, ServerDirectory } from './cluster.ts';
import { FleetEventsListener } from './fleet-events-listener.ts';
import { decodeMessage } from './fleet-events-message.ts';
import { FleetEventsPublisher } from './fleet-events-publisher.ts';

/** A channel that could not be listened to is tried again after this time. */
const SUBSCRIBE_AGAIN_MS = 1000;

export interface FleetEventsDependencies {
  readonly serverId: string;
  /** Names this process among all that send: another one each time that the server starts. */
  readonly from: string;
  readonly bus: EventBus;
  /** Undefined where servers share nothing but the database, and that can't tell. */
  readonly channel: WholeChannel | undefined;
  readonly directory: Pick<ServerDirectory, 'hasOthers' | 'refresh' | 'watch'>;
  /** All live sessions, by the database. */
  list(): Promise<readonly SessionRow[]>;
  trouble(what: string, error: unknown): void;
}

/**
 * Events of all servers: what happens here is told to the others as hints, and what happens there to those here who asked for it.
 * The database is the truth; it is asked only while somebody listens and hints can't be relied on.
 */
export class FleetEvents {
  readonly #d: FleetEventsDependencies;
  readonly #publisher: FleetEventsPublisher | undefined;
  #listener: FleetEventsListener | undefined;
  #unwatch: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(dependencies: FleetEventsDependencies) {
    this.#d = dependencies;
    const { from, channel, trouble } = dependencies;
    this.#publisher =
      channel &&
      new FleetEventsPublisher({
        from,
        channel,
        trouble: thrown => trouble('telling other servers what happens', thrown),
      });
  }

  start(): void {
    const { bus, directory } = this.#d;
    bus.connect(
      told => {
        if (directory.hasOthers) this.#publisher?.add(told);
        else this.#publisher?.forget();
      },
      wanted => this.#listen(wanted),
    );
    this.#unwatch = directory.watch(server => this.#serverChanged(server));
    this.#subscribe();
    if (bus.hasFleetAudience) void this.#listen(true);
  }

  /** Resolves when what waited to be told was told, or could not be. The channel stays its owner's to close. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#unwatch?.();
    this.#listener?.close();
    await this.#publisher?.close();
  }

  #subscribe(): void {
    const { channel, trouble } = this.#d;
    const listener: ChannelListener = {
      message: text => {
        this.#noticeSender(text);
        this.#listener?.message(text);
      },
      gap: () => this.#listener?.gap(),
    };
    channel?.subscribe(listener).then(
      () => this.#introduce(),
      thrown => {
        if (this.#isClosed) return;
        trouble('listening to other servers', thrown);
        this.#timer = setTimeout(() => this.#subscribe(), SUBSCRIBE_AGAIN_MS).unref();
      },
    );
  }

  /** Servers that start at the same time learn of each other at once: who listens already reads the list again, and so do we. */
  #introduce(): void {
    this.#publisher?.beat().catch(() => {});
    void this.#d.directory.refresh();
  }

  #noticeSender(text: string): void {
    const { directory, from } = this.#d;
    if (directory.hasOthers) return;
    const message = decodeMessage(text);
    if (message !== undefined && message.from !== from) void directory.refresh();
  }

  /** Resolves when it hears, or at a deadline: then it will as soon as the database answers. */
  async #listen(wanted: boolean): Promise<void> {
    this.#listener?.close();
    const { serverId, from, bus, directory, trouble } = this.#d;
    this.#listener =
      wanted && !this.#isClosed
        ? new FleetEventsListener({
            serverId,
            from,
            hasOthers: async () => {
              if (!directory.hasOthers) await directory.refresh();
              return directory.hasOthers;
            },
            isWhole: () => this.#d.channel?.isWhole ?? false,
            beat: async () => this.#publisher?.beat(),
            list: () => this.#d.list(),
            tell: told => bus.pass(told),
            trouble: thrown => trouble('looking what happened on other servers', thrown),
          })
        : undefined;
    await this.#listener?.ready;
  }

  #serverChanged({ id, alive }: KnownServer): void {
    const type = alive ? 'serverBack' : 'serverGone';
    const at = new Date().toISOString();
    this.#d.bus.pass({ event: { type, at, session: '', name: '', server: id, data: {} }, userId: undefined });
  }
}
