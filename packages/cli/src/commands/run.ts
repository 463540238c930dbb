import { newToken } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import { createPrinter } from '../output/printer.ts';
import { defineCommand, SESSION_ARGUMENT } from './definition.ts';
import { parseTimeoutMs } from './option-values.ts';
import { isDaemonGone, withDaemon } from './with-daemon.ts';

const ANSWER_MARGIN_MS = 5000;

export const command = defineCommand({
  spec: {
    summary: "Run a command in a session's shell and wait for it",
    details:
      "Prints what the command wrote and leaves with its status. It runs in the session's own shell, so it sees its " +
      'directory, variables and functions, and is seen by whoever is attached. The shell must be at its prompt and ' +
      'have its integration (bash, zsh or fish, started by triterm); several runs wait for each other. When --timeout is ' +
      'over this command leaves with 124 and the other one goes on.',
    args: [SESSION_ARGUMENT],
    options: {
      timeout: { short: 't', value: 'SECONDS', description: 'give up waiting and leave with 124' },
      json: { description: 'print output (text), truncated and exitCode as JSON' },
    },
    command: 'required',
    examples: [
      ['triterm run work -- make test', 'print its output, leave with its status'],
      ['triterm run work --timeout 60 --json -- git status --short', 'for a script'],
    ],
  },
  async run({ options, args: [target = ''], command: argv }, context) {
    const timeoutMs = parseTimeoutMs(options.timeout);
    const { output, truncated, exitCode } = await withDaemon(context, client =>
      client.request(
        'session.run',
        { target, argv: [...argv], timeoutMs, idempotencyKey: newToken() },
        { timeoutMs: timeoutMs === 0 ? 0 : timeoutMs + ANSWER_MARGIN_MS },
      ),
    ).catch(explainLoss);
    const bytes = withoutCarriageReturns(Buffer.from(output, 'base64'));
    if (options.json)
      createPrinter(context.stdout, context.env).json({
        output: bytes.toString('utf8'),
        truncated,
        exitCode,
      });
    else {
      if (truncated) context.stderr.write('triterm: only the end of the output was kept\n');
      context.stdout.write(context.stdout.isTTY ? await withoutQueries(bytes) : bytes);
    }
    return exitCode ?? 0;
  },
});

/** The terminal of the session has made CR LF of each line's end. */
function withoutCarriageReturns(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
}

function explainLoss(thrown: unknown): never {
  if (!isDaemonGone(thrown)) throw thrown;
  throw new TermError('OUTCOME_UNKNOWN', 'The daemon left while the command ran.', {
    cause: thrown,
    hint: 'The command goes on in the session; look with `triterm capture` before you repeat it.',
  });
}

/** On a terminal, which would type its answers into the shell that asked for the command. */
async function withoutQueries(bytes: Buffer): Promise<Buffer> {
  const [{ OutputFilter }, { ModeTracker }] = await Promise.all([
    import('../attach/output-filter.ts'),
    import('@triterm/core/terminal'),
  ]);
  return Buffer.concat(new OutputFilter(new ModeTracker()).push(bytes));
}
