import { TermError } from '@triterm/core/errors';
import type { DaemonClient } from '../client/daemon-client.ts';
import { createPrinter, type Printer } from '../output/printer.ts';
import type { CommandContext } from './definition.ts';
import { withDaemon } from './with-daemon.ts';

/** What a command asks the daemon for and shows. */
export interface Report<T> {
  /** Changes nothing, so that it may be asked again. */
  ask(client: DaemonClient): Promise<T>;
  /** For a person on a terminal, or tab-separated for a pipe, as the printer says. */
  lines(value: T, printer: Printer, nowMs: number): readonly string[];
  /** What a terminal shows on stderr when there are no lines. */
  readonly empty?: string;
  /** What stderr tells of the value where a pipe gets the lines. */
  remarks?(value: T): readonly string[];
}

export const WATCH_OPTION = {
  short: 'w',
  description: 'stay and show changes; JSON lines with --json',
} as const;

/** How often a report that is watched is asked for: nobody tells of most of what it shows. */
const POLL_MS = 1000;

/** Shows a report once, or with `watch` until the person has seen enough. Returns the exit code. */
export async function showReport<T>(
  context: CommandContext,
  report: Report<T>,
  { json, watch = false }: { readonly json: boolean; readonly watch?: boolean },
): Promise<number> {
  if (watch) {
    requireWatchable(context, json);
    const { watchAnswers } = await import('./watch-answers.ts');
    const empty = report.empty ?? '';
    return watchAnswers(context, { ...report, empty, pollMs: POLL_MS }, json);
  }
  const value = await withDaemon(context, client => report.ask(client), { repeatable: true });
  const printer = createPrinter(context.stdout, context.env);
  if (json) {
    printer.json(value);
    return 0;
  }
  const lines = report.lines(value, printer, Date.now());
  for (const line of lines) printer.line(line);
  if (!printer.isTerminal)
    for (const remark of report.remarks?.(value) ?? []) context.stderr.write(`triterm: ${remark}\n`);
  if (lines.length === 0 && printer.isTerminal && report.empty !== undefined)
    context.stderr.write(`${report.empty}\n`);
  return 0;
}

/** Throws NOT_A_TERMINAL. */
export function requireWatchable({ stdin, stdout }: CommandContext, json: boolean): void {
  if (!json && !(stdout.isTTY && stdin.isTTY))
    throw new TermError('NOT_A_TERMINAL', '--watch draws on a terminal.', {
      hint: 'Add --json to get a line for every change.',
    });
}
