import { Argument, Option, Command as Program } from 'commander';
import { type ArgumentSpec, type CommandSpec, longFlag, type OptionSpec } from './definition.ts';

/** A commander program that prints nothing, ends nothing, and lays its help out for so many columns. */
export function newProgram(name: string, columns: number): Program {
  return new Program(name)
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .exitOverride()
    .configureHelp({ helpWidth: columns, subcommandTerm: command => command.name() })
    .configureOutput({
      outputError: () => {},
      getOutHelpWidth: () => columns,
      getOutHasColors: () => false,
    });
}

/** A command's tables as commander knows them; `name` is such as `sessions ls`. */
export function commandProgram(name: string, spec: CommandSpec, columns = 80): Program {
  const program = newProgram(`triterm ${name}`, columns)
    .description(spec.details === undefined ? `${spec.summary}.` : `${spec.summary}.\n\n${spec.details}`)
    .usage(usage(spec));
  for (const arg of spec.args) program.addArgument(argument(arg));
  for (const [key, option] of Object.entries(spec.options)) program.addOption(programOption(key, option));
  return program;
}

function usage(spec: CommandSpec): string {
  const args = spec.args.map(arg => {
    const name = arg.repeat === true ? `${arg.name}...` : arg.name;
    return arg.required === true ? name : `[${name}]`;
  });
  const command = { optional: ['[-- CMD...]'], required: ['-- CMD...'], none: [] }[spec.command ?? 'none'];
  return ['[options]', ...args, ...command].join(' ');
}

function argument(spec: ArgumentSpec): Argument {
  const made = new Argument(`[${spec.name}]`, spec.description);
  if (spec.choices !== undefined) made.argChoices = [...spec.choices];
  return made;
}

/** Choices are for its help only: they are checked, with a suggestion, where the line is put together. */
function programOption(key: string, spec: OptionSpec): Option {
  const short = spec.short === undefined ? '' : `-${spec.short}, `;
  const value =
    spec.value === undefined ? '' : spec.optional === true ? ` [=${spec.value}]` : ` <${spec.value}>`;
  const again = spec.repeat === true ? ' (may be repeated)' : '';
  const option = new Option(`${short}${longFlag(key)}${value}`, `${spec.description}${again}`);
  if (spec.choices !== undefined) option.argChoices = [...spec.choices];
  return option;
}
