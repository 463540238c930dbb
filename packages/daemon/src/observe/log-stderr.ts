import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { isatty } from 'node:tty';
import { formatLogLine, painter, wantsColours } from '@triterm/core/terminal';
import { journalLine } from './log-journal.ts';

/** Lines of the log beside its file. */
export interface LogStderr {
  /** Never throws and never waits: what can't be written at once, or soon, is not. The file has it. */
  write(line: string): void;
}

export type StderrKind = 'terminal' | 'journal' | 'other';

const STDERR = 2;
/** Lines that wait for a journal which does not read; more are dropped. */
const MAX_WAITING_BYTES = 1024 * 1024;
const { O_NOCTTY, O_NONBLOCK, O_WRONLY } = constants;

/**
 * What stderr is. It is the journal where JOURNAL_STREAM names device and inode of it (systemd.exec(5)): a program that was started by a
 * service with another stderr has inherited the variable.
 */
export function stderrKind(env: NodeJS.ProcessEnv, fd: number = STDERR): StderrKind {
  if (isatty(fd)) return 'terminal';
  const stream = env.JOURNAL_STREAM;
  if (stream === undefined || stream === '') return 'other';
  try {
    const found = fstatSync(fd, { bigint: true });
    return found.isSocket() && stream === `${found.dev}:${found.ino}` ? 'journal' : 'other';
  } catch {
    return 'other';
  }
}

/**
 * Where stderr gets the log too: text for a person at a terminal, lines with priorities for the journal. Undefined for any other
 * stderr: `triterm` starts the daemon with the log's file as it, which would get each line twice.
 */
export function openLogStderr(env: NodeJS.ProcessEnv, fd: number = STDERR): LogStderr | undefined {
  const kind = stderrKind(env, fd);
  if (kind === 'terminal') return terminalLog(env, fd);
  return kind === 'journal' ? journalLog(fd) : undefined;
}

function terminalLog(env: NodeJS.ProcessEnv, fd: number): LogStderr {
  const paint = painter(wantsColours(true, env));
  const terminal = withoutWaiting(fd);
  return {
    write: line => {
      try {
        writeSync(terminal, `${formatLogLine(line.trimEnd(), paint)}\n`);
      } catch {
        // It was stopped by ^S, or hung up.
      }
    },
  };
}

/** The terminal, opened anew: who stops its output must not stop the daemon, and the shell's own descriptor is to stay as it is. */
function withoutWaiting(fd: number): number {
  try {
    return openSync(`/dev/fd/${fd}`, O_WRONLY | O_NOCTTY | O_NONBLOCK);
  } catch {
    // Another user's, behind su(1).
    return fd;
  }
}

function journalLog(fd: number): LogStderr {
  const journal = new Socket({ fd, readable: false, writable: true });
  // The journal is gone; systemd gives the next daemon a new one.
  journal.on('error', () => {});
  journal.unref();
  return {
    write: line => {
      if (!journal.destroyed && journal.writableLength < MAX_WAITING_BYTES) journal.write(journalLine(line));
    },
  };
}
