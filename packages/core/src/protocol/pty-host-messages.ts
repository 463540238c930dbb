import * as z from 'zod';
import { MAX_SIDE } from '../domain/index.ts';
import { withAtMost } from './bounded-record.ts';

/**
 * Control messages between tritermd and a pty-host; the host validates what it gets. The daemon opens two connections and
 * names in each hello's `features` which it is: `control` (requests, replies, input frames, input acks) or
 * `output` (what subscriptions stream), and which two belong together: `pair:<token>`, a random token of the daemon's.
 * The host's welcome tells `id:<host id>` and `pid:<process id>`. A handle (u32, never reused by a host) names a PTY;
 * a channel names an input attachment on the control connection and a subscription on the output connection.
 * Before `claim` only `list` is answered.
 */

const side = z.int().min(1).max(MAX_SIDE);
const u32 = z
  .int()
  .min(1)
  .max(2 ** 32 - 1);
const offset = z.int().min(0);
const handle = u32;
const channel = u32;
const sizeGeneration = z.int().min(0);
/** One string of argv or the environment: MAX_ARG_STRLEN of execve(2). */
const argument = z.string().max(128 * 1024);

const exitStatus = z.object({
  exitCode: z.int().nullable(),
  /** Such as `SIGKILL`. */
  signal: z.string().nullable(),
});
export type ExitStatus = z.infer<typeof exitStatus>;

const ptyInfo = z.object({
  handle,
  session: z.string(),
  pid: z.int(),
  cols: side,
  rows: side,
  sizeGeneration,
  /** The size that it began with, at its first byte. */
  spawnSize: z.object({ cols: side, rows: side }),
  /** The log holds the bytes from here … */
  logStart: offset,
  /** … to here. */
  logEnd: offset,
  /** The retention floor that the last daemon set, or null. Kept 30 s after that daemon has gone. */
  floor: offset.nullable(),
  /** Offset of the checkpoint held, or null. */
  checkpointOffset: offset.nullable(),
  /** Once the leader was reaped and its output drained: the final status. */
  exit: exitStatus.nullable(),
  /** Nobody holds the tty open any more. */
  eof: z.boolean(),
  /** Milliseconds since something was written. */
  idleMs: z.int(),
});
export type PtyInfo = z.infer<typeof ptyInfo>;

export const HOST_METHODS = {
  /**
   * The highest generation commands, and of two equal ones the later; the host disconnects the one before. Fails with
   * STALE_REVISION for a lower one.
   */
  claim: { params: z.object({ generation: z.int().min(1) }), result: z.object({}) },
  list: { params: z.object({}), result: z.object({ ptys: z.array(ptyInfo) }) },
  spawn: {
    params: z.object({
      session: z.string().max(64),
      /** Absolute path; the daemon has resolved and checked it. */
      file: z.string().min(1).max(4096),
      /** argv[0] and on. */
      argv: z.array(argument).min(1).max(4096),
      cwd: z.string().min(1).max(4096),
      env: withAtMost(8192, z.record(z.string().min(1).max(1024), argument)),
      cols: side,
      rows: side,
      /**
       * Unsubscribed for this time, a full log overwrites its oldest bytes (a gap) instead of pausing the program;
       * null: it always pauses.
       */
      detachedOverflowAfterMs: z
        .int()
        .min(0)
        .max(2 ** 31 - 1)
        .nullable()
        .default(null),
    }),
    result: z.object({ handle, pid: z.int() }),
  },
  /** Drains, sets the size, logs the record. A generation at or below the present one is dropped. */
  resize: {
    params: z.object({ handle, cols: side, rows: side, sizeGeneration }),
    result: z.object({ offset, applied: z.boolean() }),
  },
  /** To the leader's process group, as SIGHUP from a closed terminal would go. Fails with SESSION_EXITED once it was reaped. */
  signal: { params: z.object({ handle, signal: z.string().max(16) }), result: z.object({}) },
  /** Closes the PTY and forgets the log: once the daemon has stored the exit, or to abandon it. */
  forget: { params: z.object({ handle }), result: z.object({}) },
  /** Take no more PTYs, and leave with the last one: a newer host has come. */
  retire: { params: z.object({}), result: z.object({}) },
  /**
   * Streams output frames (and resize, gap, exit, eof notifications in their places) on the output connection's channel, from
   * `offset` on, as far as `creditThrough`. `fromCheckpoint`: the checkpoint comes first as a snapshot frame and
   * its offset replaces `offset`. Resize records of a generation at or below `sizeGeneration` are left out.
   * A PTY has one subscription: another one ends the earlier. Exit and eof are told once in each. Fails with
   * TOO_LARGE when the log no longer holds the offset; bytes that were overwritten come as a gap instead.
   */
  subscribe: {
    params: z.object({
      handle,
      channel,
      offset,
      fromCheckpoint: z.boolean().default(false),
      sizeGeneration,
      creditThrough: offset,
    }),
    result: z.object({ offset, logEnd: offset }),
  },
  unsubscribe: { params: z.object({ channel }), result: z.object({}) },
  /**
   * Opens an input attachment on the control connection's channel; `inputOffset` says which of its bytes were applied.
   * Input frames follow on the channel; ack frames tell what was applied since. At most 256 KiB may wait unapplied: a
   * frame beyond that, or one that leaves out bytes, is dropped and the last ack repeated, from where the sender goes on.
   */
  'input.open': {
    params: z.object({ handle, channel, attachment: z.string().max(64) }),
    result: z.object({ inputOffset: offset }),
  },
  /** The connection went; the ledger remembers the offset for 24 h. `forget`: an explicit detach, drop it at once. */
  'input.close': { params: z.object({ channel, forget: z.boolean() }), result: z.object({}) },
} as const;

export type HostMethod = keyof typeof HOST_METHODS;
export type HostParams<M extends HostMethod> = z.input<(typeof HOST_METHODS)[M]['params']>;
export type HostParsedParams<M extends HostMethod> = z.output<(typeof HOST_METHODS)[M]['params']>;
export type HostResult<M extends HostMethod> = z.output<(typeof HOST_METHODS)[M]['result']>;

/** Notifications from the daemon on the control connection. */
export const HOST_COMMANDS = {
  /** A subscription may send up to here. */
  credit: z.object({ channel, creditThrough: offset }),
  /**
   * `floor`: bytes at or above it stay in the log (null: the checkpoint alone decides).
   * `paceThrough`: the PTY is not read while the log reaches beyond it (null: only the log's bound pauses it).
   */
  flow: z.object({ handle, floor: offset.nullable(), paceThrough: offset.nullable() }),
  /**
   * What the terminal answers to a query that ended at `queryEnd`. Dropped when `queryEnd` was answered before, or
   * when the query was read more than 2 s ago: so whatever one query is answered goes in one message.
   */
  answer: z.object({ handle, queryEnd: offset, data: z.base64() }),
  /**
   * A snapshot frame with the checkpoint (its offset is the one before which the log may be trimmed) follows on the control connection's
   * channel = handle. `sizeGeneration` is the generation of the checkpoint.
   */
  checkpoint: z.object({ handle, sizeGeneration }),
} as const;
export type HostCommand = keyof typeof HOST_COMMANDS;
export type HostCommandParams<N extends HostCommand> = z.input<(typeof HOST_COMMANDS)[N]>;

/** Notifications in a subscription's stream, on its channel, in the places where they happened. */
export const HOST_RECORDS = {
  resize: z.object({ offset, cols: side, rows: side, sizeGeneration }),
  /** The log was overwritten: these bytes are gone. */
  gap: z.object({ from: offset, to: offset }),
  /** The leader was reaped and drained. Output may follow while a background child holds the tty. */
  exit: z.object({ offset, status: exitStatus }),
  eof: z.object({ offset }),
} as const;
export type HostRecord = keyof typeof HOST_RECORDS;
export type HostRecordParams<N extends HostRecord> = z.infer<(typeof HOST_RECORDS)[N]>;
