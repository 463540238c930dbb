import * as z from 'zod';
import { CLIENT_DEFAULTS, MAX_HISTORY_LINES } from './client-settings.ts';

const positive = z.int().min(1);
/** The longest time that a timer can measure: 24 days. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * The configuration: `config.json`, overridden by `TRITERM_<NAME>` variables, overridden by flags. Every setting has
 * a default, and every unknown one is an error.
 */
export const configSchema = z.strictObject({
  /** Name of this server in the store; the host's name when empty. */
  serverId: z.string().max(64).default(''),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info'),
  /** The shell of new sessions; empty for `$SHELL`, then the account's. */
  shell: z.string().default(''),
  /** Load the integration (working directory, command marks) into bash, zsh and fish. */
  shellIntegration: z.boolean().default(true),
  maxSessions: positive.default(1000),
  /** Attached clients, over all sessions. */
  maxClients: positive.default(256),
  /** Lines of scrollback of a new session. */
  scrollbackLines: z.int().min(0).max(1_000_000).default(10_000),
  /** Where packed scrollback is kept. */
  history: z.enum(['disk', 'memory', 'none']).default('disk'),
  /** How long an ended session stays listed. */
  exitedRetentionMs: z.int().min(0).default(3_600_000),
  sizePolicy: z.enum(['latest', 'smallest', 'largest', 'manual']).default('latest'),
  /** What makes a client the primary one: typing, or only `triterm sessions take`. */
  handOver: z.enum(['typing', 'explicit']).default('typing'),
  /** Variables of the client that are refreshed in running shells on attach. */
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
    ]),
  /** Variables of the client that a new session does not get. */
  dropEnvironment: z.array(z.string()).default([]),
  /** `TERM` of new sessions. */
  term: z.string().min(1).default('xterm-256color'),
  /** After this time detached, a full log is overwritten instead of pausing the program; null: never. */
  detachedOverflowAfterMs: z.int().min(0).max(MAX_TIMER_MS).nullable().default(null),
  /** Attach: the key that detaches, such as `C-\\`; and the one that opens the session picker, none when empty. */
  detachKey: z.string().default(CLIENT_DEFAULTS.detachKey),
  switchKey: z.string().default(CLIENT_DEFAULTS.switchKey),
  /** Attach: scrollback lines printed before the screen. */
  historyLines: z.int().min(0).max(MAX_HISTORY_LINES).default(CLIENT_DEFAULTS.historyLines),
});

export type Config = z.output<typeof configSchema>;
