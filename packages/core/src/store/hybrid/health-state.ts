/**
 * How Redis is taken to be:
 * - `down`: nobody asks it anything but probes; everything goes on with the database alone. The beginning.
 * - `resync`: it answers, and what it holds is brought up to date. Writers put; nobody reads.
 * - `up`: reads are served from it and from memory.
 * - `suspect`: one command got no answer in time. Nobody reads until a probe was answered.
 */
export const HEALTH_STATES = ['down', 'resync', 'up', 'suspect'] as const;
export type HealthState = (typeof HEALTH_STATES)[number];

/** What a state means for the store as a whole; one answer that is late is no change. */
export type StoreMode = 'hybrid' | 'in-memory';

export function modeOf(state: HealthState): StoreMode {
  return state === 'up' || state === 'suspect' ? 'hybrid' : 'in-memory';
}

export const HEALTH_EVENTS = [
  /** A command or probe was answered. */
  'answered',
  /** A command or probe was not answered within its deadline. */
  'timedOut',
  /** The connection was lost. */
  'disconnected',
  /** A write was refused for a reason that only an operator or time removes: memory, disk, rights. */
  'refused',
  /** Another server may answer now: READONLY, MOVED, `±node`, another run id. */
  'moved',
  /** Messages of a channel may have been lost. */
  'channelGap',
  /** The resynchronisation that was started last has ended well. */
  'resynced',
  /** It has failed. */
  'resyncFailed',
] as const;
export type HealthEvent = (typeof HEALTH_EVENTS)[number];

export const HEALTH_EFFECTS = [
  /** Begin a resynchronisation; one that runs is given up. */
  'startResync',
  /** Give up the one that runs. */
  'abortResync',
  /** Ask at once whether it answers. */
  'probe',
  /** Ask again and again whether it answers: the breaker is open. */
  'keepProbing',
] as const;
export type HealthEffect = (typeof HEALTH_EFFECTS)[number];

export interface HealthMove {
  readonly state: HealthState;
  readonly effects: readonly HealthEffect[];
}

const to = (state: HealthState, ...effects: HealthEffect[]): HealthMove => ({ state, effects });

const MOVES: Readonly<Record<HealthState, Partial<Record<HealthEvent, HealthMove>>>> = {
  down: {
    answered: to('resync', 'startResync'),
  },
  resync: {
    resynced: to('up'),
    resyncFailed: to('down', 'keepProbing'),
    disconnected: to('down', 'abortResync', 'keepProbing'),
    refused: to('down', 'abortResync', 'keepProbing'),
    moved: to('resync', 'startResync'),
    channelGap: to('resync', 'startResync'),
  },
  up: {
    timedOut: to('suspect', 'probe'),
    disconnected: to('down', 'keepProbing'),
    refused: to('down', 'keepProbing'),
    moved: to('resync', 'startResync'),
    channelGap: to('resync', 'startResync'),
  },
  suspect: {
    answered: to('up'),
    timedOut: to('down', 'keepProbing'),
    disconnected: to('down', 'keepProbing'),
    refused: to('down', 'keepProbing'),
    moved: to('resync', 'startResync'),
    channelGap: to('resync', 'startResync'),
  },
};

/** What an event does in a state; an event that means nothing there changes nothing. */
export function transition(state: HealthState, event: HealthEvent): HealthMove {
  return MOVES[state][event] ?? { state, effects: [] };
}
