import { HOST_OPTION } from './definition.ts';
import { commandProgram, newProgram } from './program.ts';
import {
  type CommandName,
  GROUPS,
  type GroupName,
  isGroupName,
  loadCommand,
  wordsAfter,
} from './registry.ts';

/** The help of one command, laid out for a terminal of so many columns. */
export async function commandHelp(name: CommandName, columns: number): Promise<string> {
  const { spec } = await loadCommand(name);
  return commandProgram(name, spec, columns).helpInformation() + examples(spec.examples);
}

/** The list of commands: all of them, or those of a group. */
export async function groupHelp(group: GroupName | undefined, columns: number): Promise<string> {
  const prefix = group === undefined ? '' : `${group} `;
  const program = newProgram(group === undefined ? 'triterm' : `triterm ${group}`, columns)
    .description(group === undefined ? INTRODUCTION : `${GROUPS[group]}.`)
    .usage(group === undefined ? '[command]' : '<command>');
  for (const word of wordsAfter(group)) {
    const summary =
      group === undefined && isGroupName(word)
        ? GROUPS[word]
        : (await loadCommand(`${prefix}${word}` as CommandName)).spec.summary;
    program.command(word).summary(summary).helpOption(false);
  }
  if (group === undefined)
    program
      .option(`--host <${HOST_OPTION.value}>`, HOST_OPTION.description)
      .option('-V, --version', 'print the version');
  return program.helpInformation() + (group === undefined ? examples(TOUR) : '') + more(prefix);
}

/** What triterm is, and what it does without a command. */
export const INTRODUCTION =
  'Terminal sessions that never die.\n\nWithout a command: attach to the only session, or choose one.';

/** Command lines to begin with, and what they do. */
export const TOUR = [
  ['triterm attach --create work', 'into the session "work", begun if there is none; Ctrl-\\ leaves it'],
  ['triterm new -d -n build -- make all', 'run a command in a session of its own'],
  ['triterm ls', 'what sessions there are'],
  ['triterm wait build --exit', 'until it has ended'],
] as const;

function examples(list: readonly (readonly [string, string])[]): string {
  const lines = list.map(([line, meaning]) => `  $ ${line}\n      ${meaning}\n`);
  return `\nExamples:\n${lines.join('')}`;
}

function more(prefix: string): string {
  return `\n\`triterm help ${prefix}COMMAND\` tells more about a command.\n`;
}
