import { pino, stdTimeFunctions } from 'pino';
import { LogFile } from './log-file.ts';
import { redact, redactText } from './redact.ts';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

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

/**
 * Logs to a bounded file, mode 0600. Secrets, environments and what people type are hidden. No call ever throws, on a full
 * disk neither. Written in this thread, because a worker of pino's own could not be bundled.
 */
export function createLog({ level, file }: { level: LogLevel; file: string }): Log {
  const logFile = new LogFile(file);
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
    logFile,
  );
  const write =
    (name: LogLevel | 'fatal'): Write =>
    (fields, message) => {
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
  };
}
