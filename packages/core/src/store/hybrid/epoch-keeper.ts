import type { Epochs, EpochTable } from '../database.ts';

export interface EpochKeeperOptions {
  readonly table: EpochTable;
  /** Everything cached before is void. `db`: the data itself is another, after a restore. */
  readonly changed: (what: 'cache' | 'db') => void;
}

/**
 * The epochs that hold, as far as this server knows. The database is asked, and has them raised, in turns: a late answer must not
 * take back a later one.
 */
export class EpochKeeper {
  readonly #o: EpochKeeperOptions;
  #current: Epochs;
  #turn: Promise<unknown> = Promise.resolve();
  #learning = false;

  constructor(options: EpochKeeperOptions, current: Epochs) {
    this.#o = options;
    this.#current = current;
  }

  get current(): Epochs {
    return this.#current;
  }

  /** Another server has told. Of another `db` the database itself is asked: such values have no order. */
  heard(epochs: Epochs): void {
    if (epochs.db === this.#current.db) this.#adopt(epochs);
    else void this.learn();
  }

  /** Asks the database, unless that is under way. Does not reject: what can't be learned now is learned with the next look. */
  async learn(): Promise<void> {
    if (this.#learning) return;
    this.#learning = true;
    try {
      await this.#inTurn(() => this.#o.table.epochs());
    } catch {
      // A database that is away is a matter of the channels.
    } finally {
      this.#learning = false;
    }
  }

  /** Notes which Redis the entries lie on; another one than before raises the epoch. Rejects as the database does. */
  adoptCache(identity: string): Promise<Epochs> {
    return this.#inTurn(() => this.#o.table.adoptCache(identity));
  }

  /** Declares void whatever is cached, on all servers. Rejects as the database does. */
  raise(): Promise<Epochs> {
    return this.#inTurn(() => this.#o.table.bumpCacheEpoch(this.#current.cache));
  }

  #inTurn(ask: () => Promise<Epochs>): Promise<Epochs> {
    const turn = this.#turn.then(async () => {
      const epochs = await ask();
      this.#adopt(epochs);
      return epochs;
    });
    this.#turn = turn.catch(() => {});
    return turn;
  }

  #adopt(epochs: Epochs): void {
    const { db, cache } = this.#current;
    if (epochs.db === db && epochs.cache <= cache) return;
    this.#current = epochs;
    this.#o.changed(epochs.db === db ? 'cache' : 'db');
  }
}
