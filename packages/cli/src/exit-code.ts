import { constants } from 'node:os';
import { TermError } from '@triterm/core/errors';
import { toJson } from './output/printer.ts';

/**
 * The shell's `$?` for a program that has ended: its exit code, or 128 + the signal's number. Undefined when
 * neither is known, as for a session that was lost.
 */
export function programStatus(ended: { exitCode: number | null; signal: string | null }): number | undefined {
  if (ended.signal !== null) return 128 + signalNumber(ended.signal);
  return ended.exitCode ?? undefined;
}

function signalNumber(name: string): number {
  return Object.entries(constants.signals).find(([known]) => known === name)?.[1] ?? 0;
}

/**
 * Tells an error on stderr, with its next step, and returns the exit code of its category. As JSON it is one line
 * `{"error":{code,message,hint}}`, so that a script can tell what went wrong without reading prose.
 */
export function reportError(thrown: unknown, stderr: NodeJS.WritableStream, json: boolean): number {
  const error = TermError.from(thrown);
  if (json) stderr.write(`${toJson({ error: error.toWire() }, false)}\n`);
  else stderr.write(`triterm: ${visible(error.message)}\n${visible(error.hint)}\n`);
  return error.exitCode;
}

/** Messages quote names and titles that a program chose: control characters must not reach the terminal. */
function visible(text: string): string {
  return text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g,
    char => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
