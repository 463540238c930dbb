import type { CommandLine, CommandSpec } from './definition.ts';
import { declaredFlags, LineBuilder, splitAtDashes } from './line-builder.ts';

/**
 * Reads a line in which each word stands for itself: arguments, and flags exactly as they are declared with their values
 * in words of their own. Undefined for any other (`--flag=value`, `-abc`, help, a flag that does not exist), which is
 * commander's to read: loading that alone takes as long as `attach`, `ls` and `new -d` may take beyond Node's own
 * start. On the lines that it reads it agrees with `parseLine`. Throws USAGE.
 */
export function readPlainLine(
  name: string,
  spec: CommandSpec,
  argv: readonly string[],
): CommandLine | undefined {
  const { words, rest } = splitAtDashes(argv);
  const builder = new LineBuilder(name, spec);
  const flags = declaredFlags(spec);
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (!word.startsWith('-')) {
      builder.argument(word);
      continue;
    }
    const key = flags.get(word);
    const option = key === undefined ? undefined : spec.options[key];
    if (key === undefined || option === undefined) return undefined;
    if (option.value === undefined || option.optional === true) {
      builder.option(key, true);
      continue;
    }
    at += 1;
    const value = words[at];
    if (value === undefined) return undefined;
    builder.option(key, value);
  }
  return builder.build(rest);
}
