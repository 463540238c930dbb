/** How much of everything a run does. */
export interface FleetScale {
  /** Sessions of one server, each with a client, one number after the other. */
  readonly clients: readonly number[];
  /** How long everybody types. */
  readonly typingMs: number;
  /** How long nobody types. */
  readonly idleMs: number;
  /** Sockets registered on all servers, one number after the other. */
  readonly sockets: readonly number[];
  /** Calls of each method of the registry, a round. */
  readonly registryCalls: number;
  readonly registryRounds: number;
  /** Keys for each way to a session. */
  readonly keys: number;
  /** What a session writes for each way to it, in bytes. */
  readonly floodBytes: number;
}

export const FULL_FLEET: FleetScale = {
  clients: [10, 100, 1000],
  typingMs: 10_000,
  idleMs: 5000,
  sockets: [100, 1000, 10_000],
  registryCalls: 300,
  registryRounds: 3,
  keys: 500,
  floodBytes: 100_000_000,
};

export const QUICK_FLEET: FleetScale = {
  clients: [10, 50],
  typingMs: 3000,
  idleMs: 1000,
  sockets: [99, 999],
  registryCalls: 100,
  registryRounds: 1,
  keys: 50,
  floodBytes: 10_000_000,
};
