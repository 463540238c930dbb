import { CommanderError, type Command as Program } from 'commander';
import { type CommandLine, type CommandSpec, longFlag } from './definition.ts';
import { declaredFlags, LineBuilder, splitAtDashes } from './line-builder.ts';
import { commandProgram } from './program.ts';
import { didYouMean } from './suggest.ts';

/**
 * Reads a command's arguments by its tables. Options may stand anywhere before `--`, as `--flag VALUE`, `--flag=VALUE`,
 * `-f VALUE`, `-fVALUE` or joined switches; the last of several wins unless the option repeats. Returns `'help'` when
 * help is asked for. Throws USAGE. `name` is for messages, such as `sessions ls`.
 */
export function parseLine(name: string, spec: CommandSpec, argv: readonly string[]): CommandLine | 'help' {
  const { words, rest } = splitAtDashes(argv);
  const builder = new LineBuilder(name, spec);
  const program = commandProgram(name, spec).passThroughOptions();
  const flags = declaredFlags(spec);
  for (const option of program.options) {
    // Not commander's own name, to which `--no-token` is the opposite of a `--token`.
    const key = flags.get(option.long ?? '');
    if (key === undefined) continue;
    program.on(`option:${option.name()}`, (value: string | undefined) =>
      builder.option(key, option.optional && value === '' ? true : (value ?? true)),
    );
  }
  // From argument to argument, so that the builder hears of options and arguments in their order.
  let left = withOptionalValues(words, spec);
  while (left.length > 0) {
    const { operands, unknown } = readOptions(program, left, builder);
    if (unknown.some(isHelp)) return 'help';
    const [flag] = unknown;
    if (flag !== undefined) throw wrongOption(flag, spec, builder);
    const [word, ...others] = operands;
    if (word !== undefined) builder.argument(word);
    left = others;
  }
  return builder.build(rest);
}

function readOptions(
  program: Program,
  words: readonly string[],
  builder: LineBuilder,
): { operands: string[]; unknown: string[] } {
  try {
    return program.parseOptions([...words]);
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    const message = thrown.message.replace(/^error: /, '');
    throw builder.usage(`${message.charAt(0).toUpperCase()}${message.slice(1)}.`);
  }
}

/** An optional value is given with `=` only: the word behind the flag, which commander would take, is not meant for it. */
function withOptionalValues(words: readonly string[], spec: CommandSpec): string[] {
  const flags = declaredFlags(spec);
  let isValue = false;
  return words.map(word => {
    const key = isValue ? undefined : flags.get(word);
    const option = key === undefined ? undefined : spec.options[key];
    isValue = option?.value !== undefined && option.optional !== true;
    return key !== undefined && option?.optional === true ? `${longFlag(key)}=` : word;
  });
}

function isHelp(word: string): boolean {
  return word === '--help' || word === '-h';
}

function wrongOption(word: string, spec: CommandSpec, builder: LineBuilder): Error {
  const flag = word.split('=')[0] ?? word;
  const flags = [...Object.keys(spec.options).map(longFlag), '--help'];
  if (flags.includes(flag)) return builder.usage(`${flag} takes no value.`);
  if (flag.startsWith('--')) return builder.usage(`Unknown option ${flag}.${didYouMean(flag, flags)}`);
  return builder.usage(`Unknown option ${flag.slice(0, 2)}.`);
}
