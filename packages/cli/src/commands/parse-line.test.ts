import { TermError } from '@triterm/core/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CommandLine, CommandSpec } from './definition.ts';
import { parseLine } from './parse-line.ts';
import { readPlainLine } from './plain-line.ts';

const SPEC = {
  summary: 'Try everything',
  args: [
    { name: 'SESSION', description: 'which', required: true },
    { name: 'TEXT', description: 'what', repeat: true },
  ],
  options: {
    enter: { short: 'e', description: 'a switch' },
    json: { description: 'a switch without a letter' },
    name: { short: 'n', value: 'NAME', description: 'a value' },
    keys: { short: 'k', value: 'KEYS', repeat: true, description: 'values' },
    scrollbackLines: { short: 's', value: 'N', optional: true, description: 'a value that may be left out' },
    policy: { value: 'POLICY', choices: ['latest', 'manual'], description: 'one of a few' },
    noToken: { description: 'a switch that says no' },
  },
  examples: [],
} as const satisfies CommandSpec;
const WITH_COMMAND = { ...SPEC, args: [], command: 'required' } as const satisfies CommandSpec;
const WITH_CHOICE = {
  ...SPEC,
  args: [{ name: 'SHELL', description: 'which', choices: ['bash', 'zsh'] }],
} as const satisfies CommandSpec;

const NONE = {
  enter: false,
  json: false,
  name: undefined,
  keys: [],
  scrollbackLines: undefined,
  policy: undefined,
  noToken: false,
};

function read(words: string, spec: CommandSpec = SPEC): CommandLine {
  const line = parseLine('try', spec, words === '' ? [] : words.split(' '));
  if (line === 'help') throw new Error('it is help');
  return line;
}

function usage(words: string, spec: CommandSpec = SPEC): string {
  try {
    read(words, spec);
  } catch (thrown) {
    if (thrown instanceof TermError && thrown.code === 'USAGE') {
      expect(thrown.hint).toBe('See `triterm try --help`.');
      return thrown.message;
    }
    throw thrown;
  }
  throw new Error('nothing was thrown');
}

describe('a command line', () => {
  it('takes a switch that says no by its own name', () => {
    expect(read('work --no-token').options).toEqual({ ...NONE, noToken: true });
    expect(read('work --name=x --no-token').options).toEqual({ ...NONE, name: 'x', noToken: true });
  });

  it('has its defaults when nothing is given', () => {
    expect(read('work')).toEqual({
      options: NONE,
      args: ['work'],
      command: [],
      tokens: [{ argument: 'work' }],
    });
  });

  it.each([
    ['work --name a', 'a'],
    ['work --name=a', 'a'],
    ['work -n a', 'a'],
    ['work -na', 'a'],
    ['-n a work', 'a'],
    ['work -en a', 'a'],
    ['work -ena', 'a'],
    ['work --name=', ''],
    ['work --name=a=b', 'a=b'],
    ['work --name -x', '-x'],
    ['work -n a --name b', 'b'],
  ])('takes a value in every form: %s', (words, value) => {
    const { options, args } = read(words);
    expect(options.name).toBe(value);
    expect(args).toEqual(['work']);
  });

  it.each(['work -e', '-e work', 'work --enter', 'work -e -e'])('takes a switch: %s', words => {
    expect(read(words).options.enter).toBe(true);
  });

  it.each([
    ['work --scrollback-lines', true],
    ['--scrollback-lines work', true],
    ['-s work', true],
    ['work --scrollback-lines=', true],
    ['work --scrollback-lines=5', '5'],
    ['work -s5', '5'],
  ])('takes an optional value with = only: %s', (words, value) => {
    const { options, args } = read(words);
    expect(options.scrollbackLines).toBe(value);
    expect(args).toEqual(['work']);
  });

  it('keeps the order of options that repeat and of arguments', () => {
    const { options, args, tokens } = read('-k C-a work --keys=Up text -k Down --enter more');
    expect(options.keys).toEqual(['C-a', 'Up', 'Down']);
    expect(args).toEqual(['work', 'text', 'more']);
    expect(tokens).toEqual([
      { option: 'keys', value: 'C-a' },
      { argument: 'work' },
      { option: 'keys', value: 'Up' },
      { argument: 'text' },
      { option: 'keys', value: 'Down' },
      { argument: 'more' },
    ]);
  });

  it('takes everything behind -- as arguments, or as the command where there is one', () => {
    expect(read('work -- -e --help').args).toEqual(['work', '-e', '--help']);
    expect(read('-e -- ls -l -- x', WITH_COMMAND)).toMatchObject({
      options: { ...NONE, enter: true },
      args: [],
      command: ['ls', '-l', '--', 'x'],
    });
  });

  it('takes a lone dash and a negative number as arguments', () => {
    expect(read('work - -5').args).toEqual(['work', '-', '-5']);
  });

  it.each(['--help', '-h', 'work --help', 'work -eh', '--policy manual -h', '--unknown --help'])(
    'is help where help is asked for: %s',
    words => expect(parseLine('try', SPEC, words.split(' '))).toBe('help'),
  );

  it.each([
    ['work --nmae a', 'Unknown option --nmae. Did you mean --name?'],
    ['work --xyz=1', 'Unknown option --xyz.'],
    ['work -x', 'Unknown option -x.'],
    ['work -exy', 'Unknown option -x.'],
    ['work --enter=1', '--enter takes no value.'],
    ['work --name', "Option '-n, --name <NAME>' argument missing."],
    ['work --policy larges', '--policy is one of latest, manual, not "larges".'],
    ['work --policy latst', '--policy is one of latest, manual, not "latst". Did you mean latest?'],
    ['', 'SESSION is missing: which.'],
    ['--enter', 'SESSION is missing: which.'],
  ])('tells what is wrong with: %s', (words, message) => expect(usage(words)).toBe(message));

  it.each([['', 'SESSION is empty.']])('tells that what must be there is empty: %j', (word, message) => {
    expect(() => parseLine('try', SPEC, [word, 'text'])).toThrow(message);
    expect(parseLine('try', SPEC, ['work', word])).toMatchObject({ args: ['work', ''] });
  });

  it('tells that a command stands after --', () => {
    expect(usage('make', WITH_COMMAND)).toBe('Unexpected argument "make". A command to run stands after --.');
    expect(usage('', WITH_COMMAND)).toBe('The command is missing: give it after --.');
    expect(usage('--', WITH_COMMAND)).toBe('The command is missing: give it after --.');
  });

  it('checks an argument that is one of a few', () => {
    expect(read('zsh', WITH_CHOICE).args).toEqual(['zsh']);
    expect(usage('bsh', WITH_CHOICE)).toBe('SHELL is one of bash, zsh, not "bsh". Did you mean bash?');
    expect(usage('bash zsh', WITH_CHOICE)).toBe('Unexpected argument "zsh".');
  });
});

describe('a plain line', () => {
  it.each([
    ['work', true],
    ['-e work --json', true],
    ['work --name a -k Up --keys Down text', true],
    ['--scrollback-lines work', true],
    ['work -- -x', true],
    ['work --name=a', false],
    ['work -ej', false],
    ['work --help', false],
    ['work --xyz', false],
    ['work --name', false],
    ['work -5', false],
  ])('is read without commander when no word needs to be interpreted: %s', (words, isPlain) => {
    expect(readPlainLine('try', SPEC, words.split(' ')) !== undefined).toBe(isPlain);
  });

  const word = fc.constantFrom(
    'work',
    'text',
    '',
    '-',
    '--',
    '-e',
    '--enter',
    '--json',
    '-n',
    '--name',
    '--name=a',
    '-k',
    '--keys',
    '-s',
    '--scrollback-lines',
    '--scrollback-lines=5',
    '--policy',
    'latest',
    'bad',
    '-ek',
    '-5',
    '--xyz',
    '-x',
  );

  it('means what commander reads there, errors included', () => {
    const outcome = (parse: () => CommandLine | 'help' | undefined) => {
      try {
        return parse();
      } catch (thrown) {
        return thrown instanceof TermError ? thrown.toWire() : thrown;
      }
    };
    fc.assert(
      fc.property(fc.array(word, { maxLength: 7 }), fc.constantFrom(SPEC, WITH_COMMAND), (argv, spec) => {
        const plain = outcome(() => readPlainLine('try', spec, argv));
        if (plain !== undefined) expect(plain).toEqual(outcome(() => parseLine('try', spec, argv)));
      }),
      { numRuns: 2000 },
    );
  });
});
