import type { TermError } from '@triterm/core/errors';
import type { Result } from '@triterm/core/protocol';
import type { DaemonRecord } from '../../client/daemon-process.ts';
import { shortDuration } from '../../output/duration.ts';
import { type Finding, ok, problem, problemOf, shellQuote, warning } from './finding.ts';

/** What there is to see of a daemon. */
export interface DaemonFacts {
  /** Its answer, why it does not answer, or null when nobody listens. */
  readonly status: Result<'daemon.status'> | TermError | null;
  /** What the holder of the lock has written beside it, and whether that process still runs. */
  readonly record: (DaemonRecord & { readonly isRunning: boolean }) | null;
  readonly isStopped: boolean;
  readonly hasSocket: boolean;
  readonly paths: { readonly socket: string; readonly stopMarker: string; readonly lock: string };
}

const RESTART_BY_FORCE = 'triterm daemon restart --force (sessions are kept)';

export function checkDaemon(facts: DaemonFacts): Finding[] {
  const { status, paths } = facts;
  if (status === null) return [checkAbsent(facts), ...checkStaleSocket(facts)];
  if (!('pid' in status)) return [checkSilent(status)];
  return [
    ok('daemon', describe(status)),
    ...checkRecord(facts, status.pid),
    ...(facts.isStopped
      ? [
          warning(
            'stop marker',
            `${paths.stopMarker} is there although the daemon runs: once it ends, no command starts it.`,
            `rm ${shellQuote(paths.stopMarker)}`,
          ),
        ]
      : []),
    checkStore(status.store),
  ];
}

function describe({ pid, uptimeMs, sessions, clients, memoryBytes }: Result<'daemon.status'>): string {
  const memory = `${Math.round(memoryBytes / 2 ** 20)} MiB`;
  return `runs with pid ${pid} for ${shortDuration(uptimeMs)}; sessions ${sessions}, clients ${clients}, ${memory}`;
}

/** Nobody listens. */
function checkAbsent({ record, isStopped }: DaemonFacts): Finding {
  if (record?.isRunning === true)
    return problem(
      'daemon',
      `tritermd (pid ${record.pid}) holds the state directory but listens nowhere.`,
      `If it goes on for more than a few seconds: ${RESTART_BY_FORCE}`,
    );
  if (isStopped)
    return warning(
      'daemon',
      'It was stopped on purpose; no command starts it.',
      'Start it: triterm daemon start',
    );
  return ok('daemon', 'does not run; the next command that needs it starts it');
}

function checkStaleSocket({ hasSocket, record, paths }: DaemonFacts): Finding[] {
  if (!hasSocket || record?.isRunning === true) return [];
  return [
    warning(
      'stale socket',
      `A daemon that was killed has left ${paths.socket}.`,
      'Nothing needs to be done: the next daemon replaces it. At once: triterm daemon start',
    ),
  ];
}

function checkSilent(error: TermError): Finding {
  return error.code === 'DAEMON_NOT_RESPONDING'
    ? problem('daemon', error.message, RESTART_BY_FORCE)
    : problemOf('daemon', error);
}

/** `daemon restart --force` kills the process in the record. */
function checkRecord({ record, paths }: DaemonFacts, pid: number): Finding[] {
  if (record?.pid === pid && record.isRunning) return [ok('lock', `held by pid ${pid}`)];
  const found = record === null ? 'says nothing' : `names pid ${record.pid}`;
  return [
    warning(
      'lock',
      `${paths.lock}.json ${found}, but the daemon is pid ${pid}.`,
      'triterm daemon restart writes it anew.',
    ),
  ];
}

function checkStore(store: string): Finding {
  return store === 'ok'
    ? ok('store', 'ok')
    : warning('store', store, 'triterm daemon logs tells more; nothing was deleted.');
}
