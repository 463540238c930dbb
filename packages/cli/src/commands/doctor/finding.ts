import type { TermError } from '@triterm/core/errors';

/** `problem`: something does not work. `warning`: it works, but not as it could, or not for long. */
export type FindingStatus = 'ok' | 'warning' | 'problem';

/** What one check found: part of the `--json` contract. */
export interface Finding {
  /** What was looked at; the same name in every run. */
  readonly name: string;
  readonly status: FindingStatus;
  readonly message: string;
  /** How to mend it; null when there is nothing to mend. */
  readonly fix: string | null;
}

export function ok(name: string, message: string): Finding {
  return { name, status: 'ok', message, fix: null };
}

export function warning(name: string, message: string, fix: string): Finding {
  return { name, status: 'warning', message, fix };
}

export function problem(name: string, message: string, fix: string): Finding {
  return { name, status: 'problem', message, fix };
}

/** An error's message and hint. */
export function problemOf(name: string, error: TermError): Finding {
  return problem(name, error.message, error.hint);
}

/** A path as a shell takes it. */
export function shellQuote(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
