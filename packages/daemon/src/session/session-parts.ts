import type { Config } from '@triterm/core/config/load';
import type { LockManager, ScreenTable, ServerTable, SessionStore, SessionTable } from '@triterm/core/store';
import type { Log } from '../observe/log.ts';
import type { PtyHosts } from '../pty/pty.ts';
import type { Screens } from '../screen/screen.ts';
import { Drain } from './drain.ts';
import type { EventBus } from './event-bus.ts';
import { FreeNames } from './free-names.ts';
import { HandOverService } from './hand-over-service.ts';
import type { ServerDirectory } from './known-servers.ts';
import type { Lease } from './lease.ts';
import type { Machine } from './owner-death.ts';
import { OwnershipWatch } from './ownership-watch.ts';
import type { Presence } from './presence.ts';
import { Recreation } from './recreation.ts';
import { ScreenTail } from './screen-tail.ts';
import { SessionFactory } from './session-factory.ts';
import { SessionLifecycle } from './session-lifecycle.ts';
import { SessionRecovery } from './session-recovery.ts';
import { SessionRegistry } from './session-registry.ts';
import { SessionStarter } from './session-starter.ts';
import { Supersession } from './supersession.ts';
import { UnknownPtys } from './unknown-ptys.ts';
import { Upkeep } from './upkeep.ts';

export interface SessionPartsDependencies {
  readonly store: SessionStore;
  /** Past every cache. */
  readonly database: Pick<SessionTable, 'read'>;
  readonly hosts: PtyHosts;
  readonly screens: Screens;
  readonly bus: EventBus;
  readonly presence: Presence;
  readonly locks: Pick<LockManager, 'acquire'>;
  readonly lease: Lease;
  readonly servers: Pick<ServerTable, 'listServers' | 'setDraining'>;
  readonly directory: Pick<ServerDirectory, 'find' | 'list' | 'hasOthers'>;
  /** Last screens, for when this server can't be asked. */
  readonly tails: Pick<ScreenTable, 'putScreens' | 'getScreen'>;
  /** Ids under which this state directory's server is, or was, known in the store. */
  readonly ownIds: ReadonlySet<string>;
  readonly config: Config;
  readonly sessionsDir: string;
  readonly serverId: string;
  readonly machine: Machine;
  readonly log: Pick<Log, 'warn'>;
  trouble(session: string, what: string, error: unknown): void;
}

/** Everything that sessions are made, kept and ended by, put together. */
export class SessionParts {
  readonly registry = new SessionRegistry();
  readonly lifecycle: SessionLifecycle;
  readonly supersession: Supersession;
  readonly recovery: SessionRecovery;
  readonly recreation: Recreation;
  readonly handOver: HandOverService;
  readonly drain: Drain;
  readonly ownership: OwnershipWatch;
  readonly #unknown: UnknownPtys;
  readonly #tail: ScreenTail;
  readonly #upkeep: Upkeep;

  constructor(dependencies: SessionPartsDependencies) {
    const { machine, store } = dependencies;
    const { registry } = this;
    const shared = {
      ...dependencies,
      registry,
      bootId: machine.bootId,
      names: new FreeNames(registry, store),
      starter: new SessionStarter(dependencies),
    };
    const factory = new SessionFactory({
      ...shared,
      settled: session => void this.lifecycle.settle(session),
      superseded: (session, present) => this.supersession.take(session, present),
    });
    const lifecycle = new SessionLifecycle({ ...shared, factory });
    const supersession = new Supersession({ ...shared, factory, lifecycle });
    this.lifecycle = lifecycle;
    this.supersession = supersession;
    this.#unknown = new UnknownPtys({ ...shared, factory, supersession });
    this.recovery = new SessionRecovery({ ...shared, factory, lifecycle, unknown: this.#unknown });
    this.recreation = new Recreation({ ...shared, factory });
    this.handOver = new HandOverService(shared);
    this.drain = new Drain(dependencies);
    this.ownership = new OwnershipWatch({
      ...shared,
      isAdopting: ptyId => this.#unknown.isAdopting(ptyId),
      abandoned: row => this.recovery.takeUp(row),
      reincarnated: () => this.drain.reincarnated(),
    });
    this.#tail = new ScreenTail(shared);
    this.#upkeep = new Upkeep(shared);
  }

  /** Nothing more is done by itself. */
  stop(): void {
    const { lifecycle, supersession, ownership } = this;
    for (const part of [lifecycle, supersession, ownership, this.#unknown, this.#tail, this.#upkeep])
      part.stop();
  }
}
