import type { Command } from '../host/command.ts';
import type { Workplace } from '../host/workplace.ts';

export const PEER_NAMES = ['bare', 'triterm', 'tmux', 'screen', 'abduco', 'dtach', 'mini'] as const;
export type PeerName = (typeof PEER_NAMES)[number];

/** Something that runs programs in terminals, as the bench sees each: by its command line and nothing else. */
export interface Peer {
  readonly name: PeerName;
  /** What a reader of its figures should know. */
  readonly remark?: string;
  readonly can: Abilities;
  /** How long a session rests until it makes room; what memory is at rest cannot be seen earlier. */
  readonly restsAfterMs?: number;
  /** What it calls itself; undefined, with the reason, when it cannot be run here. */
  find(): Promise<{ readonly version: string } | { readonly version?: undefined; readonly missing: string }>;
  /** Starts what it needs to have running, apart from any other user's. */
  open(place: Workplace): Promise<PeerServer>;
}

export interface Abilities {
  /** Its sessions go on without a client. */
  readonly detach: boolean;
  /** Who draws the screen for a client that comes: it, the program when told by SIGWINCH, or nobody. */
  readonly paints: 'itself' | 'by the program' | 'no';
  readonly list: boolean;
}

/** A peer at work in a place of its own. */
export interface PeerServer {
  /** Starts a session without a client. */
  createCommand(name: string, program: readonly string[]): Command;
  /** To be run in a terminal. */
  attachCommand(name: string): Command;
  /** What a person types to leave a session to itself. */
  readonly detachKeys?: string;
  /** Undefined for one that cannot list. */
  listCommand(): Command | undefined;
  /** Ends a session; undefined when killing the program is all there is. */
  killCommand(name: string): Command | undefined;
  /** So many sessions with one command, where there is one. */
  createManyCommand?(count: number, program: readonly string[], name: string): Command;
  /** Ends it in its own way; whatever is left is killed with the place. */
  close(): Promise<void>;
}
