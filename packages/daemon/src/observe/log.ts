import type { LogLevel } from '@triterm/core/domain';
import { pino, stdTimeFunctions } from 'pino';
import { LogFile, type LogFileLimits } from './log-file.ts';
import type { LogStderr } from './log-stderr.ts';
import { redact, redactText } from './redact.ts';

type Write = (fields: object, message: string) => void;

/** JSON lines for operators: fields first, then what happened. */
export interface Log {
  readonly trace: Write;
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
  /** Written before the call returns, as every line is; the process ends next. */
  readonly fatal: Write;
}

/** A log that can be told how much to write, and how much of it to keep. */
export interface AdjustableLog extends Log {
  readonly level: LogLevel;
  setLevel(level: LogLevel): void;
  setLimits(limits: LogFileLimits): void;
}

export interface LogOptions {
  readonly level: LogLevel;
  readonly file: string;
  readonly limits: LogFileLimits;
  /** Gets every line too. */
  readonly stderr?: LogStderr | undefined;
}

/**
 * Logs to a bounded file, mode 0600. Secrets, environments and what people type are hidden. No call ever throws, on a full
 * disk neither. Written in this thread, because a worker of pino's own could not be bundled.
 */
export function createLog(options: LogOptions): AdjustableLog {
  const { file, limits, stderr } = options;
  let { level } = options;
  const logFile = new LogFile(file, limits);
  const logger = pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: {
        level: label => ({ level: label }),
        log: fields => redact(fields) as Record<string, unknown>,
      },
      serializers: { err: value => value },
    },
    {
      write: (line: string) => {
        logFile.write(line);
        stderr?.write(line);
      },
    },
  );
  const write =
    (name: LogLevel | 'fatal'): Write =>
    (fields, message) => {
      if (!logger.isLevelEnabled(name)) return;
      try {
        logger[name](fields, redactText(message));
      } catch {
        // Fields with a member that throws when it is read; logging must not end what is being logged.
      }
    };
  return {
    trace: write('trace'),
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    fatal: write('fatal'),
    get level() {
      return level;
    },
    setLevel: next => {
      level = next;
      logger.level = next;
    },
    setLimits: next => logFile.setLimits(next),
  };
}
