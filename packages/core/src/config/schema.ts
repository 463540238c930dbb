import * as z from 'zod';
import { HAND_OVERS, LOG_LEVELS } from '../domain/index.ts';
import { CLIENT_DEFAULTS, MAX_HISTORY_LINES } from './client-settings.ts';
import { NETWORK_SHAPE } from './network-schema.ts';
import { MAX_TIMER_MS, STORE_SHAPE } from './store-schema.ts';

const positive = z.int().min(1);

/**
 * The configuration: `config.json`, overridden by variables, overridden by flags. Every setting has a default, and every
 * unknown one is an error.
 */
export const configSchema = z.strictObject({
  serverId: z
    .string()
    .max(64)
    .default('')
    .describe("Name of this server in the store, no other's; the host's name when empty."),
  logLevel: z
    .enum(LOG_LEVELS)
    .default('info')
    .describe('How much the daemon logs; `triterm daemon log-level` changes it for a while.'),
  logMaxBytes: z
    .int()
    .min(64 * 1024)
    .max(2 ** 30)
    .default(10 * 1024 * 1024)
    .describe('Size of a log file, in bytes; before it would be larger, a new one is begun.'),
  logFiles: positive
    .max(100)
    .default(3)
    .describe('Log files that are kept: the one that is written, and those before it.'),
  shell: z
    .string()
    .default('')
    .describe("The shell of new sessions; when empty `$SHELL`, then the account's."),
  shellIntegration: z
    .boolean()
    .default(true)
    .describe('Load the integration (working directory, command marks) into bash, zsh and fish.'),
  maxSessions: positive
    .default(1000)
    .describe('Sessions that a user may have running, over all servers that share the database.'),
  maxSessionsPerServer: positive
    .default(1000)
    .describe('Sessions that may run on this server, over all users.'),
  maxClients: positive
    .default(256)
    .describe(
      'Clients that may be attached, over all sessions; with one token a quarter of it, as viewers over the network three quarters.',
    ),
  scrollbackLines: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(10_000)
    .describe('Lines of scrollback that a new session keeps.'),
  maxScrollbackBytes: z
    .int()
    .min(64 * 1024)
    .max(2 ** 40)
    .default(256 * 1024 * 1024)
    .describe('Packed scrollback that a session keeps at most, in bytes; the oldest goes first.'),
  idleSessionMs: z
    .int()
    .min(0)
    .max(MAX_TIMER_MS)
    .default(0)
    .describe(
      'A session that nobody is attached to, that writes nothing and gets no input for this long is ended, in milliseconds; 0: never.',
    ),
  idleClientMs: z
    .int()
    .min(0)
    .max(MAX_TIMER_MS)
    .default(0)
    .describe('A client that types nothing for this long is detached, in milliseconds; 0: never.'),
  history: z
    .enum(['disk', 'memory', 'none'])
    .default('disk')
    .describe('Where packed scrollback is kept; in memory it ends with the daemon.'),
  exitedRetentionMs: z
    .int()
    .min(0)
    .default(3_600_000)
    .describe('How long an ended session stays listed, in milliseconds.'),
  sizePolicy: z
    .enum(['latest', 'smallest', 'largest', 'manual'])
    .default('latest')
    .describe("Whose window decides a new session's size; `triterm sessions policy` changes it."),
  handOver: z
    .enum(HAND_OVERS)
    .default('typing')
    .describe(
      'What makes a client of a new session the primary one: typing, only `triterm sessions take`, or only a `request` that the primary one grants.',
    ),
  refreshEnvironment: z
    .array(z.string())
    .default([
      'SSH_AUTH_SOCK',
      'SSH_CONNECTION',
      'SSH_CLIENT',
      'SSH_TTY',
      'DISPLAY',
      'WAYLAND_DISPLAY',
      'XAUTHORITY',
    ])
    .describe('Variables of the client that are refreshed in running shells when it attaches.'),
  dropEnvironment: z
    .array(z.string())
    .default([])
    .describe('Variables of the client that a new session does not get.'),
  term: z.string().min(1).default('xterm-256color').describe('`TERM` of new sessions.'),
  detachedOverflowAfterMs: z
    .int()
    .min(0)
    .max(MAX_TIMER_MS)
    .nullable()
    .default(null)
    .describe(
      'After this time without a daemon, in milliseconds, a full log is overwritten instead of pausing the program; null: never.',
    ),
  detachKey: z
    .string()
    .default(CLIENT_DEFAULTS.detachKey)
    .describe('Attached: the key that detaches, such as `C-\\` or `C-a`.'),
  switchKey: z
    .string()
    .default(CLIENT_DEFAULTS.switchKey)
    .describe('Attached: the key that opens the session picker; none when empty.'),
  historyLines: z
    .int()
    .min(0)
    .max(MAX_HISTORY_LINES)
    .default(CLIENT_DEFAULTS.historyLines)
    .describe(
      'Attaching: lines of scrollback that are printed before the screen, no more than 64 KiB of them, and then a line that says how many are left out; none while a full-screen program runs.',
    ),
  ...NETWORK_SHAPE,
  ...STORE_SHAPE,
});

export type Config = z.output<typeof configSchema>;
