import { newToken, SIZE_POLICIES, type SizePolicy } from '@triterm/core/domain';
import { TermError } from '@triterm/core/errors';
import type { Params } from '@triterm/core/protocol';
import { createSessions } from '../client/create-sessions.ts';
import { createPrinter } from '../output/printer.ts';
import { clientEnvironment } from './client-environment.ts';
import { type CommandContext, type CommandLine, defineCommand } from './definition.ts';
import { parseCount, parseLabels, parsePairs } from './option-values.ts';
import { requireTerminalUnless } from './require-terminal.ts';
import { startDirectory } from './start-directory.ts';
import { startSize } from './start-size.ts';
import { isDaemonGone, withDaemon } from './with-daemon.ts';

const OPTIONS = {
  detach: { short: 'd', description: 'do not attach; print the id' },
  name: { short: 'n', value: 'NAME', description: 'name of the session; one is made up otherwise' },
  cwd: {
    value: 'DIR',
    description: 'where it starts; here otherwise, on another machine at home',
    complete: 'directory',
  },
  env: { value: 'KEY=VALUE', repeat: true, description: 'set a variable of its environment' },
  size: { value: 'COLSxROWS', description: 'size until somebody attaches' },
  label: { value: 'KEY=VALUE', repeat: true, description: 'attach a label' },
  scrollbackLines: { value: 'N', description: 'lines of scrollback to keep' },
  policy: { value: 'POLICY', choices: SIZE_POLICIES, description: 'whose window decides the size' },
  count: { value: 'N', description: 'make so many, with -d; names get a number' },
  json: { description: 'print the session as JSON, with -d' },
} as const;

export const command = defineCommand({
  spec: {
    summary: 'Start a session',
    details:
      'Runs the command, or your shell, in a session of its own and attaches to it. The session keeps running ' +
      'when you detach, when the terminal closes and when the daemon restarts.',
    args: [],
    options: OPTIONS,
    command: 'optional',
    examples: [
      ['triterm new -n work', 'a shell in a session called work'],
      ['triterm new -d -n build --cwd ~/src -- make -j8', 'run a build in the background'],
      ['triterm new -d --env CI=1 --label team=web -- npm test', 'with a variable and a label'],
    ],
  },
  async run(line, context) {
    if (line.options.count !== undefined && !line.options.detach)
      throw new TermError('USAGE', '--count goes with -d.');
    requireTerminalUnless(line.options, context);
    const requests = createRequests(line, context);
    const { sessions, failure } = await withDaemon(
      context,
      async client => {
        const created = await createSessions(client, requests);
        if (isDaemonGone(created.failure)) throw created.failure;
        return created;
      },
      // The idempotency keys make a repetition return what the first call made.
      { repeatable: true },
    );
    const [session] = sessions;
    if (session === undefined) throw failure;
    if (line.options.detach) {
      const printer = createPrinter(context.stdout, context.env);
      if (line.options.json) printer.json(line.options.count === undefined ? session : sessions);
      else for (const { id } of sessions) printer.line(id);
      if (failure !== undefined) throw failure;
      return 0;
    }
    const { attachTo } = await import('./attach.ts');
    return attachTo(session.id, context);
  },
});

type NewLine = CommandLine<typeof OPTIONS>;

/** One request a session. Throws BAD_SIZE, BAD_ENV, BAD_CWD, USAGE. */
export function createRequests(line: NewLine, context: CommandContext): Params<'session.create'>[] {
  const { options } = line;
  const params = {
    ...(line.command.length === 0 ? {} : { argv: [...line.command] }),
    cwd: startDirectory(options.cwd, context),
    environment: clientEnvironment(context.env, context.remote !== undefined),
    ...(options.env.length === 0
      ? {}
      : { extraEnvironment: parsePairs(options.env, 'BAD_ENV', 'The variable') }),
    ...startSize(options.size, context),
    ...(options.label.length === 0 ? {} : { labels: parseLabels(options.label) }),
    ...(options.scrollbackLines === undefined
      ? {}
      : { scrollbackLines: parseCount('--scrollback-lines', options.scrollbackLines, 0, 1_000_000) }),
    ...(options.policy === undefined ? {} : { sizePolicy: options.policy as SizePolicy }),
  };
  const count = options.count === undefined ? 1 : parseCount('--count', options.count, 1, 1000);
  return Array.from({ length: count }, (_, index) => ({
    ...params,
    ...(options.name === undefined
      ? {}
      : { name: options.count === undefined ? options.name : `${options.name}-${index + 1}` }),
    idempotencyKey: newToken(),
  }));
}
