import { TermError } from '@triterm/core/errors';
import type { CommandContext } from './definition.ts';
import { readPlainLine } from './plain-line.ts';
import {
  type CommandName,
  type GroupName,
  isCommandName,
  isGroupName,
  loadCommand,
  wordsAfter,
} from './registry.ts';

/** Longer lines are hard to read. */
const MAX_HELP_COLUMNS = 100;

/** Runs a command line and returns the exit code. Throws a TermError for `main` to tell. */
export async function runCli(argv: readonly string[], context: CommandContext): Promise<number> {
  const [first, second] = argv;
  if (first === undefined) return runDefault(context);
  const before = hostBefore(argv);
  if (before !== undefined) {
    await requireHostful(before.rest);
    return runCli(before.rest, context.toward(before.host));
  }
  if (first === '--version' || first === '-V') return printVersion(context);
  if (first === '--help' || first === '-h' || first === 'help') return printHelp(argv.slice(1), context);
  if (first === '__complete') return (await import('./complete.ts')).complete(argv.slice(1), context);
  if (isGroupName(first)) {
    if (second === undefined || second === '--help' || second === '-h') return printHelp([first], context);
    const name = `${first} ${second}`;
    if (!isCommandName(name)) throw await unknownCommand(second, first);
    return runCommand(name, argv.slice(2), context);
  }
  if (!isCommandName(first)) throw await unknownCommand(first, undefined);
  return runCommand(first, argv.slice(1), context);
}

/** Whether errors are to be told as JSON, for a line that may not even parse. */
export function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).includes('--json');
}

/** `--host` in front of everything else. Throws USAGE. */
function hostBefore(
  argv: readonly string[],
): { readonly host: string; readonly rest: readonly string[] } | undefined {
  const [first, second] = argv;
  const [host, rest] =
    first === '--host'
      ? [second, argv.slice(2)]
      : first?.startsWith('--host=') === true
        ? [first.slice('--host='.length), argv.slice(1)]
        : [undefined, undefined];
  if (rest === undefined) return undefined;
  if (host === undefined || host === '')
    throw new TermError('USAGE', '--host is empty.', {
      hint: 'Give a wss:// URL, the name of a context, or local.',
    });
  return { host, rest };
}

/** Throws USAGE for a command that asks no server, as it does where the option stands behind it. */
async function requireHostful([first = '', second = '']: readonly string[]): Promise<void> {
  const name = isGroupName(first) ? `${first} ${second}` : first;
  if (!isCommandName(name) || (await loadCommand(name)).spec.hostless !== true) return;
  throw new TermError('USAGE', `\`triterm ${name}\` asks no server, and takes no --host.`, {
    hint: `See \`triterm ${name} --help\`.`,
  });
}

async function runCommand(
  name: CommandName,
  argv: readonly string[],
  context: CommandContext,
): Promise<number> {
  const command = await loadCommand(name);
  const line =
    readPlainLine(name, command.spec, argv) ??
    (await import('./parse-line.ts')).parseLine(name, command.spec, argv);
  if (line === 'help') return printHelp([name], context);
  const { host } = line.options;
  return command.run(line, typeof host === 'string' ? context.toward(host) : context);
}

/** Without a command: into the only session, or choose one. */
async function runDefault(context: CommandContext): Promise<number> {
  if (!context.stdin.isTTY || !context.stdout.isTTY) return printHelp([], context);
  const { attachToAny } = await import('./attach.ts');
  return attachToAny(context);
}

async function printVersion(context: CommandContext): Promise<number> {
  const { VERSION } = await import('@triterm/core/protocol');
  context.stdout.write(`${VERSION}\n`);
  return 0;
}

async function printHelp(words: readonly string[], context: CommandContext): Promise<number> {
  const name = words.join(' ');
  const { commandHelp, groupHelp } = await import('./help.ts');
  const columns = Math.min(context.stdout.columns ?? 80, MAX_HELP_COLUMNS);
  if (name === '') context.stdout.write(await groupHelp(undefined, columns));
  else if (isGroupName(name)) context.stdout.write(await groupHelp(name, columns));
  else if (isCommandName(name)) context.stdout.write(await commandHelp(name, columns));
  else throw await unknownCommand(name, undefined);
  return 0;
}

async function unknownCommand(word: string, group: GroupName | undefined): Promise<TermError> {
  const { didYouMean } = await import('./suggest.ts');
  if (word.startsWith('-')) {
    const known = group === undefined ? ['--help', '--host', '--version'] : ['--help'];
    return new TermError('USAGE', `Unknown option ${word}.${didYouMean(word, known)}`, {
      hint: `Options of a command stand behind it; see \`triterm ${group === undefined ? '' : `${group} `}--help\`.`,
    });
  }
  const prefix = group === undefined ? '' : `${group} `;
  const known = wordsAfter(group).map(name => `${prefix}${name}`);
  const message = `Unknown command ${JSON.stringify(`${prefix}${word}`)}.${didYouMean(`${prefix}${word}`, known)}`;
  return new TermError('USAGE', message, { hint: `See \`triterm ${prefix}--help\`.` });
}
