import { commandProgram } from '../../../packages/cli/src/commands/program.ts';
import {
  COMMAND_NAMES,
  GROUPS,
  loadCommand,
  wordsAfter,
} from '../../../packages/cli/src/commands/registry.ts';
import { bold, definitions, examples, page, paragraphs, prose, references } from './roff.ts';

/** One page for each command that stands alone, and one for each group with all of its commands: names to texts. */
export async function commandPages(version) {
  const names = COMMAND_NAMES.filter(name => !name.includes(' '));
  const single = await Promise.all(
    names.map(async name => [pageName(name), await commandPage(name, version)]),
  );
  const groups = await Promise.all(
    Object.keys(GROUPS).map(async name => [pageName(name), await groupPage(name, version)]),
  );
  return Object.fromEntries([...single, ...groups]);
}

/** `sessions` → `triterm-sessions`. */
export const pageName = name => `triterm-${name}`;

/** Every command and group with one line about it. */
export async function overview() {
  return Promise.all(
    wordsAfter(undefined).map(async word => [word, GROUPS[word] ?? (await loadCommand(word)).spec.summary]),
  );
}

async function commandPage(name, version) {
  const { spec } = await loadCommand(name);
  const { synopsis, description, options } = describe(name, spec);
  return page({
    title: pageName(name),
    section: 1,
    version,
    sections: [
      { name: 'NAME', lines: [nameLine(name, spec.summary)] },
      { name: 'SYNOPSIS', lines: [bold(synopsis)] },
      { name: 'DESCRIPTION', lines: description },
      { name: 'OPTIONS', lines: options },
      { name: 'EXAMPLES', lines: examples(spec.examples) },
      seeAlso(),
    ],
  });
}

async function groupPage(group, version) {
  const commands = await Promise.all(
    wordsAfter(group).map(async word => {
      const name = `${group} ${word}`;
      const { spec } = await loadCommand(name);
      return { ...describe(name, spec), spec };
    }),
  );
  return page({
    title: pageName(group),
    section: 1,
    version,
    sections: [
      { name: 'NAME', lines: [nameLine(group, GROUPS[group])] },
      {
        name: 'SYNOPSIS',
        lines: commands.flatMap(({ synopsis }, at) =>
          at === 0 ? [bold(synopsis)] : ['.br', bold(synopsis)],
        ),
      },
      {
        name: 'COMMANDS',
        lines: commands.flatMap(({ synopsis, description, options, spec }) => [
          `.SS ${bold(synopsis)}`,
          ...description,
          ...options,
          ...examples(spec.examples),
        ]),
      },
      seeAlso(),
    ],
  });
}

/** As commander has it, which also parses it and makes its help. */
function describe(name, spec) {
  const program = commandProgram(name, spec);
  const help = program.createHelp();
  const args = help
    .visibleArguments(program)
    .map(arg => [help.argumentTerm(arg), help.argumentDescription(arg)]);
  const options = help
    .visibleOptions(program)
    .map(option => [help.optionTerm(option), help.optionDescription(option)]);
  return {
    synopsis: help.commandUsage(program),
    description: paragraphs(help.commandDescription(program)),
    options: definitions([...args, ...options]),
  };
}

function nameLine(name, summary) {
  return `${prose(pageName(name))} \\- ${prose(`${summary.charAt(0).toLowerCase()}${summary.slice(1)}`)}`;
}

function seeAlso() {
  return {
    name: 'SEE ALSO',
    lines: references([
      ['triterm', 1],
      ['triterm-config', 5],
      ['tritermd', 8],
    ]),
  };
}
