import type { HandOver } from './hand-over.ts';
import type { SizePolicy } from './size-policy.ts';

/** `lost`: its pty-host is gone or the machine was rebooted; the last screen is kept, the processes are not. */
export const SESSION_STATES = ['running', 'exited', 'lost'] as const;
export type SessionState = (typeof SESSION_STATES)[number];

const LEGAL_MOVES: Readonly<Record<SessionState, readonly SessionState[]>> = {
  running: ['exited', 'lost'],
  exited: [],
  lost: ['running'],
};

/** Whether a session may go from one state to another; `lost → running` is the explicit recreation. */
export function canMove(from: SessionState, to: SessionState): boolean {
  return LEGAL_MOVES[from].includes(to);
}

/** A session as every command prints it: the stable `--json` contract. Times are RFC 3339 in UTC. */
export interface SessionInfo {
  id: string;
  name: string;
  state: SessionState;
  /** The command as it was started, or the one that the shell runs now when shell integration tells. */
  command: string;
  pid: number | null;
  cwd: string | null;
  title: string;
  cols: number;
  rows: number;
  clients: number;
  exitCode: number | null;
  /** Name of the signal that ended it, such as `SIGKILL`. */
  signal: string | null;
  createdAt: string;
  lastActivityAt: string;
  /** The server that owns it. */
  server: string;
  /** Whose it is. */
  user: string;
  /** Whether its server is taken for alive: it holds its lease. */
  reachable: boolean;
  /** RFC 3339; null while it is reachable. */
  unreachableSince: string | null;
  labels: Record<string, string>;
}

/** Shells that tell their state by marks in their output. */
export type ShellKind = 'bash' | 'zsh' | 'fish';

/** Of one session. */
export const MAX_LABELS = 64;

/** What the store keeps of a session beside its columns: everything that one owner writes as a whole. */
export interface SessionDoc {
  /** argv as started; empty for the user's shell. */
  argv: string[];
  /** How lists show it: `bash`, `vim notes.txt`. */
  command: string;
  /** The shell whose integration is loaded, when it is one of those. */
  shell: ShellKind | null;
  cwd: string;
  title: string;
  cols: number;
  rows: number;
  sizePolicy: SizePolicy;
  /** Missing in what an earlier release stored: the configured one. */
  handOver?: HandOver;
  labels: Record<string, string>;
  scrollbackLines: number;
  pid: number | null;
  /** The pty-host that holds the PTY. */
  hostId: string | null;
  /**
   * What the pty-host calls the PTY, and the state directory its files; missing or null: the session's own id. Another one where
   * the session has moved between servers, or the PTY between sessions.
   */
  ptyId?: string | null;
  /** Idempotency key of the request that started it anew last; missing where none has, or an earlier release did. */
  recreatedBy?: string;
  exitCode: number | null;
  signal: string | null;
  /** RFC 3339; when it ended, for retention. */
  endedAt: string | null;
  /** Boot id of the machine that the PTY lives on: another one means that it is lost. */
  bootId: string;
}
