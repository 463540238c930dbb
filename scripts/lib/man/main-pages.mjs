import { execFileSync } from 'node:child_process';
import { describeSettings } from '@triterm/core/config/load';
import { EXIT_CODES } from '@triterm/core/errors';
import { TAKEN_UP } from '../../../packages/cli/src/commands/config/take-up.ts';
import { INTRODUCTION, TOUR } from '../../../packages/cli/src/commands/help.ts';
import { ERROR_CATEGORIES } from '../error-categories.mjs';
import { inRoot } from '../workspace.mjs';
import { overview, pageName } from './command-pages.mjs';
import { bold, definitions, examples, page, paragraphs, prose, references } from './roff.ts';

const FILES = [
  ['$XDG_CONFIG_HOME/triterm/config.json', 'The configuration; `~/.config` where the variable is not set.'],
  ['$XDG_CONFIG_HOME/triterm/contexts.json', 'Servers that are known by name, with their tokens.'],
  [
    '$XDG_STATE_HOME/triterm/',
    'Database, last screens, scrollback, log and sockets; `~/.local/state` where the variable is not set.',
  ],
];

export async function clientPage(version) {
  const commands = await overview();
  const codes = Object.entries(EXIT_CODES).toSorted(([, a], [, b]) => a - b);
  return page({
    title: 'triterm',
    section: 1,
    version,
    sections: [
      { name: 'NAME', lines: ['triterm \\- terminal sessions that never die'] },
      {
        name: 'SYNOPSIS',
        lines: [
          `${bold('triterm')} [${bold('--host')} HOST] [COMMAND]`,
          '.br',
          `${bold('triterm --version')}`,
        ],
      },
      { name: 'DESCRIPTION', lines: paragraphs(INTRODUCTION) },
      { name: 'COMMANDS', lines: definitions(commands.map(([name, summary]) => [name, `${summary}.`])) },
      { name: 'EXAMPLES', lines: examples(TOUR) },
      {
        name: 'EXIT STATUS',
        lines: [
          ...definitions([
            ['0', 'It worked.'],
            ...codes.map(([name, code]) => [String(code), ERROR_CATEGORIES[name]]),
          ]),
          '.PP',
          prose(
            '`triterm attach` and `triterm run` otherwise leave with the status of the program, or with 128 and the number of the signal that ended it.',
          ),
        ],
      },
      {
        name: 'ENVIRONMENT',
        lines: definitions([
          ['TRITERM_HOST', 'The server that is meant, as `--host` has it.'],
          [
            'TRITERM_TOKEN, TRITERM_TOKEN_FILE',
            'The token for a server over the network, or the file that holds it.',
          ],
          ['TRITERM_CA', 'File (PEM) with the authorities that vouch for servers.'],
          ['TRITERM_STATE_DIR', 'Where everything of the daemon of this machine is kept.'],
          ['TRITERM_CONFIG', 'The configuration file.'],
          ['TRITERM_SESSION', 'Inside a session: its id.'],
          ['NO_COLOR', 'When it is set, nothing is coloured.'],
        ]),
      },
      { name: 'FILES', lines: definitions(FILES) },
      {
        name: 'SEE ALSO',
        lines: references([
          ...commands.map(([name]) => [pageName(name), 1]),
          ['triterm-config', 5],
          ['tritermd', 8],
        ]),
      },
    ],
  });
}

/** From what `tritermd --help` says. */
export function daemonPage(version) {
  const help = execFileSync(
    process.execPath,
    ['--conditions=@triterm/source', inRoot('packages/daemon/src/main.ts'), '--help'],
    { encoding: 'utf8' },
  );
  const [usage = '', ...blocks] = help.trim().split('\n\n');
  const named = name => {
    const block = blocks.find(text => text.startsWith(`${name}:\n`));
    if (block === undefined) throw new Error(`tritermd --help has no ${name}`);
    return definitions(columns(block.split('\n').slice(1)));
  };
  const texts = blocks.filter(text => !/^\w+:\n/.test(text));
  return page({
    title: 'tritermd',
    section: 8,
    version,
    sections: [
      { name: 'NAME', lines: ['tritermd \\- the triterm daemon'] },
      { name: 'SYNOPSIS', lines: [bold(usage.replace(/^Usage: /, ''))] },
      { name: 'DESCRIPTION', lines: paragraphs(texts.join('\n\n')) },
      { name: 'OPTIONS', lines: named('Options') },
      {
        name: 'SIGNALS',
        lines: definitions([
          [
            'SIGTERM, SIGINT',
            'It leaves. Sessions go on in their hosts, and clients wait for the next daemon.',
          ],
          ['SIGHUP', 'It reads its configuration again, as with `triterm daemon reload`.'],
        ]),
      },
      { name: 'ENVIRONMENT', lines: named('Environment') },
      { name: 'FILES', lines: definitions(FILES) },
      {
        name: 'SEE ALSO',
        lines: references([
          ['triterm', 1],
          ['triterm-daemon', 1],
          ['triterm-config', 5],
        ]),
      },
    ],
  });
}

export function settingsPage(version) {
  const settings = describeSettings().flatMap(
    ({ setting, description, allowed, default: byDefault, variables, reload }) => [
      '.TP',
      bold(setting),
      prose(description),
      '.br',
      prose(`It is ${allowed}; \`${json(byDefault)}\` by default. A change is taken up ${TAKEN_UP[reload]}.`),
      '.br',
      prose(`Set by ${variables.map(name => `\`${name}\``).join(', ')}.`),
    ],
  );
  return page({
    title: 'triterm-config',
    section: 5,
    version,
    sections: [
      { name: 'NAME', lines: ['triterm\\-config \\- configuration of triterm and tritermd'] },
      {
        name: 'DESCRIPTION',
        lines: paragraphs(
          'The settings stand in a JSON object in `$XDG_CONFIG_HOME/triterm/config.json`, or in the file that `TRITERM_CONFIG` names. Variables ' +
            'override the file. An unknown setting or a wrong value is an error that names the file and the setting.\n\n' +
            'Lists are separated by commas in variables.',
        ),
      },
      { name: 'SETTINGS', lines: settings },
      { name: 'FILES', lines: definitions(FILES) },
      {
        name: 'SEE ALSO',
        lines: references([
          ['triterm', 1],
          ['triterm-config', 1],
          ['tritermd', 8],
        ]),
      },
    ],
  });
}

/** A list can be divided behind its commas. */
function json(value) {
  return Array.isArray(value) ? `[${value.map(json).join(', ')}]` : JSON.stringify(value);
}

/** Lines `  TERM   meaning`, with lines below that go on, as pairs. A line without a column is its own meaning. */
function columns(lines) {
  const pairs = [];
  for (const line of lines) {
    const [, term, meaning] = /^ {2}(\S.*?)(?: {2,}(.*))?$/.exec(line) ?? [];
    if (term !== undefined) pairs.push([term, meaning ?? '']);
    else if (pairs.length > 0) pairs.at(-1)[1] += ` ${line.trim()}`;
  }
  return pairs.map(([term, meaning]) => [term, meaning.trim()]);
}
