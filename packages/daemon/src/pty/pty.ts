import type { WindowSize } from '@triterm/core/domain';
import type { TermError } from '@triterm/core/errors';
import type { ExitStatus, PtyInfo } from '@triterm/core/protocol';

/** What the daemon sees of the pty-hosts. The sessions know nothing of sockets and processes beneath this. */
export interface PtyHosts {
  /** Starts a PTY on the newest host that has room; starts a host when there is none. Throws PTY_HOST_UNAVAILABLE. */
  spawn(request: SpawnRequest): Promise<Pty>;
  /** The hosts that are connected. */
  list(): readonly PtyHostInfo[];
  /**
   * Hosts that are there and had not answered when the daemon began to serve, by id: what each of them holds, once it
   * answers; nothing when it has gone.
   */
  readonly unanswered: ReadonlyMap<string, Promise<readonly Pty[]>>;
  /** Every host is to leave with its last PTY, and takes no more. */
  retire(): Promise<void>;
  /** Leaves every host with its sessions running, and closes the connections. */
  close(): Promise<void>;
}

export interface PtyHostInfo {
  readonly id: string;
  readonly pid: number;
  readonly version: string;
  readonly sessions: number;
}

export interface SpawnRequest extends WindowSize {
  /** What the host is to call it: the session's `ptyId`. */
  readonly session: string;
  /** Absolute path of the program, resolved and checked. */
  readonly file: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Without a stream for this time, a full log is overwritten instead of pausing the program; null or missing: never. */
  readonly detachedOverflowAfterMs?: number | null;
}

/** A PTY on a host, spawned or found again after a restart. */
export interface Pty {
  readonly session: string;
  readonly hostId: string;
  readonly pid: number;
  /** As the host told when it was adopted or spawned; not kept current. */
  readonly info: PtyInfo;

  /**
   * Starts the one stream of this PTY, or starts it again elsewhere: from then on `sink` gets everything from there on
   * in order, nothing of an earlier subscription any more. Throws TOO_LARGE when the log no longer holds the offset.
   */
  subscribe(from: StreamStart, sink: PtySink): Promise<{ offset: number; logEnd: number }>;
  /** The stream may go on to this offset. */
  credit(creditThrough: number): void;
  /** `floor`: bytes from there on stay in the log; `paceThrough`: the PTY is not read beyond it. Null: no such limit. */
  flow(floor: number | null, paceThrough: number | null): void;
  /** Stale generations are dropped (`applied` false). */
  resize(size: WindowSize, sizeGeneration: number): Promise<{ offset: number; applied: boolean }>;
  /** To the leader's process group. `signal` such as `SIGHUP`. */
  signal(signal: string): Promise<void>;
  /** Closes the PTY and forgets its log. */
  forget(): Promise<void>;
  /** A terminal's answer to the query that ended at `queryEnd`; the host drops it when it was answered before. */
  answer(queryEnd: number, data: Uint8Array): void;
  /** Hands over a checkpoint; the host may then trim the log before `offset`. */
  checkpoint(offset: number, sizeGeneration: number, bytes: Uint8Array): void;
  /** Opens an input attachment; what it had already applied under that name is `inputOffset`. */
  openInput(attachment: string, onApplied: (inputOffset: number) => void): Promise<PtyInput>;
}

export interface StreamStart {
  readonly offset: number;
  /** The host's checkpoint comes first, when it has one, and its offset replaces `offset`. */
  readonly fromCheckpoint?: boolean;
  /** Resize records of this and older generations are left out. */
  readonly sizeGeneration: number;
  readonly creditThrough: number;
}

export interface PtySink {
  /** The host's checkpoint, when it was asked for. The bytes are the sink's to keep. */
  checkpoint(offset: number, bytes: Buffer): void;
  /** The bytes never change afterwards: the sink may keep them. */
  output(offset: number, bytes: Buffer): void;
  resized(offset: number, size: WindowSize, sizeGeneration: number): void;
  gap(from: number, to: number): void;
  exited(offset: number, status: ExitStatus): void;
  /** Nobody holds the tty any more: no output follows. */
  eof(offset: number): void;
  /** The host is gone; the PTY with it, unless the host's connection can be made again (then `reconnected`). */
  lost(error: TermError): void;
}

export interface PtyInput {
  readonly inputOffset: number;
  /** Queues bytes that stand at `offset` of this attachment; what the host has already applied is skipped. */
  write(offset: number, bytes: Uint8Array): void;
  /** `forget`: an explicit detach; otherwise the host remembers the offset for 24 h. */
  close(forget: boolean): void;
}
