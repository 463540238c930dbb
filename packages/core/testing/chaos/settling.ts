import { decodeEntry } from '../../src/store/cache-entry.ts';
import { checkCounters } from './check-bounds.ts';
import { checkConverged, checkRegistry, type RegistryView, type SettledEntry } from './check-settled.ts';
import type { Figures } from './figures.ts';
import type { Fleet } from './fleet.ts';
import type { Violation } from './history.ts';
import type { RegistryValue } from './orders.ts';
import { IDS, TERMINALS } from './plan.ts';
import { observationOf } from './redis-observer.ts';
import { eventually } from './waiting.ts';
import type { World } from './world.ts';

const CONVERGED_DEADLINE_MS = 2000;
/** After the lease of a server that died. */
const REGISTRY_MARGIN_MS = 5000;

/** What has to be so after everybody is up, and nobody writes any more. */
export class Settling {
  readonly #world: World;
  readonly #fleet: Fleet;
  readonly #figures: Figures;

  constructor(world: World, fleet: Fleet, figures: Figures) {
    this.#world = world;
    this.#fleet = fleet;
    this.#figures = figures;
  }

  /** What is still not so at its deadline. */
  async check(): Promise<Violation[]> {
    // Without Redis nobody has to be told.
    const diverged = this.#world.options.redis === 'none' ? [] : await this.#converge();
    return [...diverged, ...(await this.#count()), ...(await this.#compareRegistries())];
  }

  async #converge(): Promise<Violation[]> {
    let left: Violation[] = [];
    let isFirst = true;
    await eventually(CONVERGED_DEADLINE_MS, async () => {
      left = await this.#diverged();
      if (isFirst) this.#figures.divergedAfterFaults += keysIn(left);
      isFirst = false;
      return left.length === 0;
    });
    this.#figures.divergedAtTheEnd += keysIn(left);
    return left;
  }

  async #diverged(): Promise<Violation[]> {
    const { journal } = this.#world;
    const entries: SettledEntry[] = [];
    for (const id of IDS) {
      const text = await this.#world.entryText(id);
      const entry = text === null ? undefined : decodeEntry(text, id);
      if (entry !== undefined) entries.push({ id, epoch: entry.epoch, seen: observationOf(entry.record) });
    }
    return checkConverged(
      await journal.rows(),
      entries,
      await journal.epoch(),
      await journal.outboxEntries(),
    );
  }

  async #count(): Promise<Violation[]> {
    return (await this.#fleet.stats()).flatMap((value, server) => {
      if (value === undefined) return [];
      this.#figures.reads(this.#fleet.newReads(server, value));
      return checkCounters(server, value.reads, value.stats);
    });
  }

  async #compareRegistries(): Promise<Violation[]> {
    const fleet = this.#fleet;
    let violations: Violation[] = [];
    await eventually(fleet.leaseMs + REGISTRY_MARGIN_MS, async () => {
      violations = checkRegistry(await this.#registryViews(), fleet.liveSockets());
      return violations.length === 0;
    });
    return violations;
  }

  async #registryViews(): Promise<RegistryView[]> {
    const asked = Array.from({ length: this.#fleet.size }, (_, server) =>
      TERMINALS.map(async terminal => {
        const { value } = await this.#fleet.send(server, { do: 'registry', terminal });
        const { sockets, primary } = (value ?? { sockets: [], primary: undefined }) as RegistryValue;
        return { server, terminal, sockets, primary };
      }),
    );
    return Promise.all(asked.flat());
  }
}

function keysIn(violations: readonly Violation[]): number {
  return violations.filter(({ id }) => id !== undefined).length;
}
