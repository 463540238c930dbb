import { TermError } from '@triterm/core/errors';
import { type CommandLine, type CommandSpec, longFlag, type Token } from './definition.ts';
import { didYouMean } from './suggest.ts';

/** Divides a command's words at the first `--`; what follows is its `-- CMD…`, or arguments where it takes none. */
export function splitAtDashes(argv: readonly string[]): {
  readonly words: readonly string[];
  readonly rest: readonly string[] | undefined;
} {
  const at = argv.indexOf('--');
  return at < 0 ? { words: argv, rest: undefined } : { words: argv.slice(0, at), rest: argv.slice(at + 1) };
}

/** The keys of a command's options by their flags, long and short. */
export function declaredFlags(spec: CommandSpec): ReadonlyMap<string, string> {
  const flags = new Map<string, string>();
  for (const [key, { short }] of Object.entries(spec.options)) {
    flags.set(longFlag(key), key);
    if (short !== undefined) flags.set(`-${short}`, key);
  }
  return flags;
}

/** Collects a command's options and arguments, in their order, and checks them against its tables. Throws USAGE. */
export class LineBuilder {
  readonly #name: string;
  readonly #spec: CommandSpec;
  readonly #options = new Map<string, string | true | readonly string[]>();
  readonly #args: string[] = [];
  readonly #tokens: Token[] = [];

  /** `name` is for messages, such as `sessions ls`. */
  constructor(name: string, spec: CommandSpec) {
    this.#name = name;
    this.#spec = spec;
  }

  /** `true` for a switch, and for an optional value that was left out. The last of several wins, unless it repeats. */
  option(key: string, value: string | true): void {
    const option = this.#spec.options[key];
    if (value === true) {
      this.#options.set(key, true);
      return;
    }
    if (option?.complete === 'session' || option?.complete === 'context')
      this.#refuseEmpty(longFlag(key), value);
    if (option?.choices !== undefined) this.#checkChoice(longFlag(key), option.choices, value);
    const earlier = this.#options.get(key);
    if (option?.repeat === true) this.#options.set(key, [...(Array.isArray(earlier) ? earlier : []), value]);
    else this.#options.set(key, value);
    this.#tokens.push({ option: key, value });
  }

  argument(word: string): void {
    const { args, command } = this.#spec;
    const last = args.at(-1);
    const spec = args[this.#args.length] ?? (last?.repeat === true ? last : undefined);
    if (spec === undefined) {
      const advice = command === undefined ? '' : ' A command to run stands after --.';
      throw this.usage(`Unexpected argument ${JSON.stringify(word)}.${advice}`);
    }
    if (spec.required === true || spec.complete === 'session') this.#refuseEmpty(spec.name, word);
    if (spec.choices !== undefined) this.#checkChoice(spec.name, spec.choices, word);
    this.#args.push(word);
    this.#tokens.push({ argument: word });
  }

  /** `rest` stood after `--`. */
  build(rest: readonly string[] | undefined): CommandLine {
    const takesCommand = this.#spec.command !== undefined;
    if (!takesCommand) for (const word of rest ?? []) this.argument(word);
    const missing = this.#spec.args.filter(arg => arg.required === true)[this.#args.length];
    if (missing !== undefined) throw this.usage(`${missing.name} is missing: ${missing.description}.`);
    const command = takesCommand ? (rest ?? []) : [];
    if (this.#spec.command === 'required' && command.length === 0)
      throw this.usage('The command is missing: give it after --.');
    return { options: this.#values(), args: this.#args, command, tokens: this.#tokens };
  }

  usage(message: string): TermError {
    return new TermError('USAGE', message, { hint: `See \`triterm ${this.#name} --help\`.` });
  }

  /** Most often a script's variable that is not set. */
  #refuseEmpty(what: string, value: string): void {
    if (value === '') throw this.usage(`${what} is empty.`);
  }

  #checkChoice(what: string, choices: readonly string[], value: string): void {
    if (choices.includes(value)) return;
    throw this.usage(
      `${what} is one of ${choices.join(', ')}, not ${JSON.stringify(value)}.${didYouMean(value, choices)}`,
    );
  }

  #values(): CommandLine['options'] {
    const entries = Object.entries(this.#spec.options).map(([key, option]) => {
      const given = this.#options.get(key);
      if (option.repeat === true) return [key, given ?? []] as const;
      return [key, option.value === undefined ? given === true : given] as const;
    });
    return Object.fromEntries(entries) as CommandLine['options'];
  }
}
