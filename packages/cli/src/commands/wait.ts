import { TermError } from '@triterm/core/errors';
import type { Params, Result } from '@triterm/core/protocol';
import { createPrinter } from '../output/printer.ts';
import { type CommandLine, defineCommand, SESSION_ARGUMENT } from './definition.ts';
import { parseCount, parseTimeoutMs } from './option-values.ts';
import { withDaemon } from './with-daemon.ts';

type Condition = Params<'session.wait'>['condition'];

/** The daemon's own timeout is to come first. */
const ANSWER_MARGIN_MS = 5000;

const OPTIONS = {
  exit: { description: 'until the program has ended; prints its exit status or its signal' },
  text: { value: 'REGEX', description: 'until a line of the screen matches; prints what matched' },
  idle: { value: 'MS', description: 'until nothing was written for so long' },
  command: { description: "until the shell is back at its prompt; prints the command's status" },
  timeout: { short: 't', value: 'SECONDS', description: 'give up and leave with 124' },
  json: { description: 'print session, matched and commandStatus as JSON' },
} as const;

export const command = defineCommand({
  spec: {
    summary: 'Wait for something to happen in a session',
    details:
      "Leaves with 0 once it has happened, whatever the program's own status is, and with 124 when --timeout is over. " +
      'It goes on waiting while the daemon restarts.',
    args: [SESSION_ARGUMENT],
    options: OPTIONS,
    examples: [
      ['triterm wait build --exit', 'until the build is over'],
      ["triterm wait server --text 'listening on' --timeout 30", 'until it listens, 30 s at most'],
      ['triterm wait work --idle 500', 'until half a second has gone without output'],
      ['triterm wait work --command', 'until the command in the shell has finished'],
    ],
  },
  async run(line, context) {
    const { options, args } = line;
    const condition = waitCondition(options);
    const timeoutMs = parseTimeoutMs(options.timeout);
    let startedAt: number | undefined;
    const result = await withDaemon(
      context,
      client => {
        startedAt ??= performance.now();
        const leftMs = timeoutMs === 0 ? 0 : Math.max(1, timeoutMs - (performance.now() - startedAt));
        return client.request(
          'session.wait',
          { target: args[0] ?? '', condition, timeoutMs: Math.ceil(leftMs) },
          { timeoutMs: leftMs === 0 ? 0 : leftMs + ANSWER_MARGIN_MS },
        );
      },
      { repeatable: true },
    );
    const printer = createPrinter(context.stdout, context.env);
    const text = outcome(condition, result);
    if (options.json) printer.json(result);
    else if (text !== undefined) printer.line(text);
    return 0;
  },
});

/** Exactly one condition. Throws USAGE. */
export function waitCondition(options: CommandLine<typeof OPTIONS>['options']): Condition {
  const given: Condition[] = [];
  if (options.exit) given.push({ kind: 'exit' });
  if (options.text === '') throw new TermError('BAD_PATTERN', '--text is empty.');
  if (options.text !== undefined) given.push({ kind: 'text', pattern: options.text });
  if (options.idle !== undefined) given.push({ kind: 'idle', idleMs: parseCount('--idle', options.idle, 1) });
  if (options.command) given.push({ kind: 'command' });
  const [condition, ...others] = given;
  if (condition === undefined || others.length > 0)
    throw new TermError(
      'USAGE',
      'Say what to wait for: exactly one of --exit, --text, --idle and --command.',
      {
        hint: 'See `triterm wait --help`.',
      },
    );
  return condition;
}

function outcome(
  condition: Condition,
  { session, matched, commandStatus }: Result<'session.wait'>,
): string | undefined {
  switch (condition.kind) {
    case 'exit':
      return session.signal ?? String(session.exitCode ?? session.state);
    case 'text':
      return matched;
    case 'command':
      return commandStatus === null ? undefined : String(commandStatus);
    case 'idle':
      return undefined;
  }
}
