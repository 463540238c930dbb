import * as z from 'zod';
import {
  HAND_OVERS,
  LOCAL_USER,
  LOG_LEVELS,
  MAX_LABELS,
  MAX_SIDE,
  ROLES,
  SESSION_STATES,
  SIZE_POLICIES,
} from '../domain/index.ts';
import { withAtMost } from './bounded-record.ts';
import { FLEET_METHODS, relayedPrincipal } from './fleet-messages.ts';
import { STORE_METHODS } from './store-messages.ts';

/**
 * Control messages between a client and tritermd: the single source of truth. Requests are `{id, method, params}`,
 * replies `{id, result}` or `{id, error}`, notifications `{method, params}`. A frame's channel says which
 * attachment it belongs to; 0 is the connection itself. Objects ignore members they do not know, so that a newer
 * peer may send more; a member that came later has a default, which is what its absence means. Only the daemon validates at run
 * time; clients use the types.
 */

const side = z.int().min(1).max(MAX_SIDE);
const windowSize = z.object({ cols: side, rows: side });
const offset = z.int().min(0);
const token = z.string().regex(/^[0-9a-f]{32}$/);
/** Opaque: the same for as long as one program runs, also over restarts of the daemon; every other program has another one. */
const ptyIdentity = z.string().max(128);
/** A session's name, id, or the beginning of its id. */
const target = z.string().min(1).max(128);
/** A name as somebody asked for it; whether it can be one is the daemon's to say, with BAD_NAME. */
const wantedName = z.string().max(1024);
const labelName = z.string().min(1).max(64);
const labels = withAtMost(MAX_LABELS, z.record(labelName, z.string().max(256)));
/** One string of argv or the environment: MAX_ARG_STRLEN of execve(2). */
const argument = z.string().max(128 * 1024);
const environment = withAtMost(4096, z.record(z.string().min(1).max(256), argument));
const base64 = z.base64();
/** The longest time that a timer can measure. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** A wait's deadline; 0 waits as long as the connection lives. */
const timeoutMs = z.int().min(0).max(MAX_TIMER_MS);

export const sessionInfo = z.object({
  id: z.string(),
  name: z.string(),
  state: z.enum(SESSION_STATES),
  command: z.string(),
  pid: z.int().nullable(),
  cwd: z.string().nullable(),
  title: z.string(),
  cols: z.int(),
  rows: z.int(),
  clients: z.int(),
  exitCode: z.int().nullable(),
  signal: z.string().nullable(),
  createdAt: z.string(),
  lastActivityAt: z.string(),
  server: z.string(),
  user: z.string().default(LOCAL_USER),
  reachable: z.boolean().default(true),
  unreachableSince: z.string().nullable().default(null),
  labels: z.record(z.string(), z.string()),
});

const clientInfo = z.object({
  /** Names the attachment in `detach --client` and `take`; the server gives it, and the same one as often as the client comes back. */
  id: z.string(),
  role: z.enum(ROLES),
  primary: z.boolean(),
  /** It has asked to be the primary one, and was not answered yet. */
  asking: z.boolean().default(false),
  cols: z.int(),
  rows: z.int(),
  deviceId: z.string().default(''),
  deviceName: z.string(),
  pid: z.int().nullable(),
  attachedAt: z.string(),
  idleMs: z.int(),
  /** How the daemon serves it: the program's bytes, or the screen rendered into another window size. */
  view: z.enum(['bytes', 'rendered', 'behind']),
  lossless: z.boolean(),
});
export type ClientInfo = z.infer<typeof clientInfo>;

/** What a person holds, with its clients on one session, as all servers see it. */
const deviceInfo = z.object({
  id: z.string(),
  name: z.string(),
  primary: z.boolean(),
  /** Ids of its clients. */
  clients: z.array(z.string()),
  /** Servers that its clients are connected through, or the owner where they come by its own socket. */
  servers: z.array(z.string()),
  /** RFC 3339. */
  connectedAt: z.string(),
  lastHeardAt: z.string(),
});
export type DeviceInfo = z.infer<typeof deviceInfo>;

/** The state of the shell's prompt as OSC 133 tells it; `none` without shell integration. */
const promptState = z.enum(['none', 'prompt', 'running']);

const waitCondition = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('exit') }),
  z.object({ kind: z.literal('text'), pattern: z.string().min(1).max(4096) }),
  z.object({ kind: z.literal('idle'), idleMs: z.int().min(1).max(MAX_TIMER_MS) }),
  /** The shell is back at its prompt. */
  z.object({ kind: z.literal('command') }),
]);

const createParams = z.object({
  name: wantedName.optional(),
  /** argv; empty or missing for the user's login shell. */
  argv: z.array(argument).max(4096).optional(),
  cwd: z.string().max(4096),
  /** The client's environment; the daemon filters it. */
  environment,
  /** Set on top, unfiltered: `--env`. */
  extraEnvironment: environment.optional(),
  size: windowSize.optional(),
  labels: labels.optional(),
  scrollbackLines: z.int().min(0).max(1_000_000).optional(),
  sizePolicy: z.enum(SIZE_POLICIES).optional(),
  handOver: z.enum(HAND_OVERS).optional(),
  idempotencyKey: token,
});

const colours = z
  .object({ foreground: z.string().max(64), background: z.string().max(64), cursor: z.string().max(64) })
  .partial();

const attachParams = z.object({
  target,
  attachment: token,
  role: z.enum(ROLES),
  window: windowSize,
  lossless: z.boolean().default(false),
  /** Become the primary client. */
  take: z.boolean().default(false),
  detachOthers: z.boolean().default(false),
  /** Scrollback lines to print before the screen. */
  historyLines: z.int().min(0).max(100_000).default(500),
  /** Stable over connections and sessions; the same for all clients of what a person holds. */
  deviceId: z.string().min(1).max(64).optional(),
  deviceName: z.string().max(256).default(''),
  pid: z.int().optional(),
  /** Variables to refresh for the session's shells. */
  environment: environment.default({}),
  /** The client's terminal colours as X11 `rgb:…` specifications, for programs that ask. */
  colours: colours.default({}),
  /**
   * Sent when attaching again: what was received last. With `repaint` the client's screen is spoilt, and a state with
   * the lines that came after the offset is sent in any case. `pty`, as the reply told it, says which PTY all of that was of;
   * another one is begun with, as if attached for the first time.
   */
  resume: z
    .object({
      offset,
      sizeGeneration: z.int().min(0),
      repaint: z.boolean().default(false),
      pty: ptyIdentity.optional(),
    })
    .optional(),
});

/** Every request, with its parameters and its result. */
export const METHODS = {
  'session.create': { params: createParams, result: z.object({ session: sessionInfo }) },
  /**
   * Starts a lost session anew: cwd, labels and old scrollback above a marker. One whose server can't be reached is started on the
   * server that is asked: when that server's host was rebooted since, or with `force`.
   */
  'session.recreate': {
    params: z.object({
      target,
      environment,
      size: windowSize.optional(),
      force: z.boolean().default(false),
      idempotencyKey: token,
    }),
    result: z.object({ session: sessionInfo }),
  },
  /**
   * Of this server; with `all` of every server, also of those that can't be reached, as the database has them. With `page` as many as
   * one message takes: the next page is behind `next`, which is null for the last one. Without, all or TOO_LARGE.
   */
  'session.list': {
    params: z.object({
      all: z.boolean().default(false),
      page: z.object({ after: z.string().max(256).nullable() }).optional(),
    }),
    result: z.object({ sessions: z.array(sessionInfo), next: z.string().nullable().default(null) }),
  },
  'session.show': {
    params: z.object({ target }),
    result: z.object({
      session: sessionInfo,
      clients: z.array(clientInfo),
      devices: z.array(deviceInfo).default([]),
      sizePolicy: z.enum(SIZE_POLICIES),
      handOver: z.enum(HAND_OVERS).default('typing'),
      scrollbackLines: z.int(),
      prompt: promptState,
      argv: z.array(z.string()),
      /** Bytes that the program has written since it began. */
      offset,
    }),
  },
  'session.rename': {
    params: z.object({ target, name: wantedName }),
    result: z.object({ session: sessionInfo }),
  },
  'session.label': {
    params: z.object({
      target,
      set: labels.default({}),
      remove: z.array(labelName).max(64).default([]),
    }),
    result: z.object({ session: sessionInfo }),
  },
  'session.resize': {
    params: z.object({ target, size: windowSize }),
    result: z.object({ session: sessionInfo }),
  },
  'session.policy': {
    params: z.object({
      target,
      sizePolicy: z.enum(SIZE_POLICIES).optional(),
      handOver: z.enum(HAND_OVERS).optional(),
    }),
    result: z.object({ session: sessionInfo }),
  },
  /**
   * An ended session is removed from the list; a running one gets the signal (default SIGHUP, then SIGKILL after 5 s). With `force`
   * one whose server can't be reached is removed; what still runs there becomes a session of its own when the server is back.
   */
  'session.kill': {
    params: z.object({
      target,
      signal: z.string().max(16).optional(),
      force: z.boolean().default(false),
    }),
    result: z.object({ session: sessionInfo }),
  },
  'session.detach': {
    params: z.object({ target, client: z.string().max(64).optional() }),
    result: z.object({ detached: z.int() }),
  },
  /** Makes a client (default: the one active last) the primary one and gives it its window's size. */
  'session.take': {
    params: z.object({ target, client: z.string().max(64).optional() }),
    result: z.object({ session: sessionInfo }),
  },
  /** Asks the primary client to hand over to `client` (default: the caller's device's latest controller). */
  'session.request': {
    params: z.object({
      target,
      client: z.string().max(64).optional(),
      deviceId: z.string().max(64).optional(),
    }),
    result: z.object({
      session: sessionInfo,
      /** Who asks. */
      client: z.string(),
      /** `granted` at once where nobody is primary. */
      state: z.enum(['asked', 'granted']),
    }),
  },
  /** Answers whoever asked (default: the one that asked last): hands over, or with `deny` does not. */
  'session.grant': {
    params: z.object({ target, client: z.string().max(64).optional(), deny: z.boolean().default(false) }),
    result: z.object({ session: sessionInfo, client: z.string() }),
  },
  'session.attach': {
    params: attachParams,
    result: z.object({
      session: sessionInfo,
      /** Input bytes of this attachment that the program has got; the client sends again from here. */
      inputOffset: offset,
      /** Where output goes on; a snapshot frame comes first unless `resumed`. */
      offset,
      resumed: z.boolean(),
      sizeGeneration: z.int(),
      /**
       * What is attached. Another one than before: another program, which is to get nothing that was typed for the one before.
       * Empty: not told, as of a program that has ended.
       */
      pty: ptyIdentity.default(''),
    }),
  },
  'attachment.detach': { params: z.object({}), result: z.object({}) },
  'session.send': {
    params: z.object({ target, data: base64, idempotencyKey: token }),
    result: z.object({ bytes: z.int() }),
  },
  'session.capture': {
    params: z.object({
      target,
      format: z.enum(['text', 'ansi']),
      /** Lines of scrollback above the screen, as far as they fit into one message; -1 for all. */
      scrollbackLines: z.int().min(-1).default(0),
      /** Only those before this one, and no screen: the `firstLine` of an answer that said that there are `more`. */
      before: z.int().min(0).optional(),
    }),
    result: z.object({
      session: sessionInfo,
      /** One entry a logical line for scrollback, one a row for the screen. */
      scrollback: z.array(z.string()),
      /** Permanent number of the first of them; null when there is none. */
      firstLine: z.int().nullable().default(null),
      /** There are older ones that were asked for and did not fit. */
      more: z.boolean().default(false),
      screen: z.array(z.string()),
      cursor: z.object({ row: z.int(), col: z.int(), visible: z.boolean() }),
      offset,
      alternateScreen: z.boolean(),
      /** RFC 3339: as of when, for one whose server can't be reached; null: now. */
      asOf: z.string().nullable().default(null),
    }),
  },
  'session.wait': {
    params: z.object({ target, condition: waitCondition, timeoutMs }),
    result: z.object({
      session: sessionInfo,
      matched: z.string().optional(),
      commandStatus: z.int().nullable(),
    }),
  },
  'session.run': {
    params: z.object({
      target,
      argv: z.array(argument).min(1).max(4096),
      timeoutMs,
      idempotencyKey: token,
    }),
    /** The output that the command wrote, as base64, at most 3 MiB of it (the last), and its exit status. */
    result: z.object({ output: base64, truncated: z.boolean(), exitCode: z.int().nullable() }),
  },
  'session.search': {
    params: z.object({
      target,
      pattern: z.string().min(1).max(4096),
      ignoreCase: z.boolean().default(false),
      limit: z.int().min(1).max(10_000).default(1000),
    }),
    result: z.object({
      /** `line` is the permanent number of a logical line, the first of the session being 0. */
      matches: z.array(z.object({ line: z.int(), text: z.string(), start: z.int(), end: z.int() })),
      truncated: z.boolean(),
    }),
  },
  /** Of this server; with `all` or a `target` of every server. */
  'events.subscribe': {
    params: z.object({ target: target.optional(), all: z.boolean().default(false) }),
    result: z.object({}),
  },
  /** Any answer is a sign of life. */
  ping: { params: z.object({}), result: z.object({}) },
  'daemon.status': {
    params: z.object({}),
    result: z.object({
      pid: z.int(),
      ptyHostPid: z.int().nullable(),
      version: z.string(),
      protocol: z.int(),
      uptimeMs: z.int(),
      sessions: z.int(),
      clients: z.int(),
      server: z.string(),
      stateDir: z.string(),
      socket: z.string(),
      /** What the store last said: `ok`, or its trouble. */
      store: z.string(),
      ptyHosts: z.array(z.object({ id: z.string(), pid: z.int(), version: z.string(), sessions: z.int() })),
      memoryBytes: z.int(),
      /** Where it listens beside its socket, as URLs. */
      listen: z.array(z.string()).default([]),
      draining: z.boolean().default(false),
      /** Whether it may act as itself, by its own clock. */
      lease: z
        .object({ held: z.boolean(), leftMs: z.int(), incarnation: z.int() })
        .default({ held: true, leftMs: 0, incarnation: 0 }),
      /** Who starts and stops it; null when whoever needs it does. `scope`: the user's systemd or the machine's. */
      manager: z
        .object({ name: z.literal('systemd'), unit: z.string(), scope: z.enum(['user', 'system']) })
        .nullable()
        .default(null),
    }),
  },
  /** Ends the daemon. `stop` leaves a marker so that nobody restarts it; sessions go on in the pty-hosts, `killSessions` ends them. */
  'daemon.shutdown': {
    params: z.object({ reason: z.enum(['stop', 'restart']), killSessions: z.boolean().default(false) }),
    result: z.object({ pid: z.int() }),
  },
  /** No new sessions here, and clients of other servers' sessions go elsewhere, until it starts again or `undo`. */
  'daemon.drain': {
    params: z.object({ undo: z.boolean().default(false) }),
    result: z.object({
      draining: z.boolean(),
      /** What still runs here, as far as it fits into a message; `session.list` has all of it. */
      sessions: z.array(sessionInfo),
      /** Clients that were asked to go to another server. */
      handedOver: z.int(),
    }),
  },
  /** Reads the configuration again. BAD_CONFIG when it is not valid, and then nothing has changed. */
  'daemon.reload': {
    params: z.object({}),
    result: z.object({
      /** Settings that are in effect from now on, with what they were and are. */
      applied: z.array(z.object({ setting: z.string(), from: z.unknown(), to: z.unknown() })),
      /** Settings whose change only the next daemon takes up. */
      restart: z.array(z.string()),
    }),
  },
  /** Sets how much is logged until the daemon reads its configuration again or starts again; null: as it is configured. */
  'daemon.log': {
    params: z.object({ level: z.enum(LOG_LEVELS).nullable().optional() }),
    result: z.object({ level: z.enum(LOG_LEVELS), configured: z.enum(LOG_LEVELS) }),
  },
  ...FLEET_METHODS,
  ...STORE_METHODS,
} as const;

export { relayedPrincipal };

export type Method = keyof typeof METHODS;
export type Params<M extends Method> = z.input<(typeof METHODS)[M]['params']>;
/** Parameters after validation: defaults are filled in. */
export type ParsedParams<M extends Method> = z.output<(typeof METHODS)[M]['params']>;
export type Result<M extends Method> = z.output<(typeof METHODS)[M]['result']>;

/** Something that happened to a session; `triterm events` prints one a line. */
export const sessionEvent = z.object({
  type: z.enum([
    'created',
    'attached',
    'detached',
    'resized',
    'renamed',
    'title',
    'cwd',
    'bell',
    'notification',
    'commandStarted',
    'commandFinished',
    'exited',
    'lost',
    'removed',
    /** A device has its first client on the session, or its last one has gone; over all servers. */
    'deviceJoined',
    'deviceLeft',
    'primaryChanged',
    /** Somebody asks to be the primary client. */
    'primaryRequested',
    /** Another server owns it now. */
    'moved',
    /** Its PTY was superseded, and is a session of its own now. */
    'orphaned',
    /** Of a server: its lease has lapsed, or is there again; `server` says which. */
    'serverGone',
    'serverBack',
    /** Of the server, not of a session: Redis is used, or not used any more. */
    'cacheMode',
  ]),
  /** RFC 3339. */
  at: z.string(),
  /** Empty for what concerns the server. */
  session: z.string(),
  name: z.string(),
  /** The server that it happened on. */
  server: z.string().default(''),
  /** What belongs to the type: `cols`/`rows`, `title`, `cwd`, `body`, `command`, `exitCode`, `signal`, `client`, `deviceId`, `deviceName`, `mode`, `reason`. */
  data: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});
export type SessionEvent = z.infer<typeof sessionEvent>;

/** Notifications from the daemon. Those of an attachment come on its channel. */
export const DAEMON_NOTIFICATIONS = {
  event: sessionEvent,
  /** The session has this size from the offset on. */
  'session.resized': z.object({ cols: z.int(), rows: z.int(), sizeGeneration: z.int(), offset }),
  /** All output has been sent; the attachment is over. */
  'session.exited': z.object({ exitCode: z.int().nullable(), signal: z.string().nullable() }),
  'attachment.detached': z.object({
    reason: z.enum(['requested', 'others', 'lost', 'tooSlow']),
    message: z.string(),
  }),
  'attachment.role': z.object({ role: z.enum(ROLES), primary: z.boolean() }),
  /** The session's server is lost, and the attachment with it: attach again on this connection, from where you were. */
  'attachment.interrupted': z.object({ server: z.string(), message: z.string() }),
  /** The PTY that is attached belongs to this session from now on: its own was made anew on another server. */
  'attachment.session': z.object({ session: sessionInfo, message: z.string() }),
  /** To the primary client: somebody asks to take its place; `session.grant` answers. */
  'attachment.requested': z.object({ client: z.string(), deviceName: z.string() }),
  /** To who asked. */
  'attachment.answered': z.object({ granted: z.boolean(), message: z.string() }),
  /** The daemon is about to go; reconnect when it is back. `drain`: it stays, but wants you at one of the other servers. */
  'daemon.leaving': z.object({
    reason: z.enum(['stop', 'restart', 'drain']),
    elsewhere: z.array(z.string()).default([]),
  }),
} as const;
export type DaemonNotification = keyof typeof DAEMON_NOTIFICATIONS;
export type DaemonNotificationParams<N extends DaemonNotification> = z.output<
  (typeof DAEMON_NOTIFICATIONS)[N]
>;

/** Notifications from a client, on an attachment's channel. */
export const CLIENT_NOTIFICATIONS = {
  'attachment.resize': windowSize,
  /** The terminal's colours, when they become known after attaching. */
  'attachment.colours': colours,
} as const;
export type ClientNotification = keyof typeof CLIENT_NOTIFICATIONS;
export type ClientNotificationParams<N extends ClientNotification> = z.output<
  (typeof CLIENT_NOTIFICATIONS)[N]
>;
