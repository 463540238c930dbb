import { describe, expect, it } from 'vitest';
import { sessionInfo } from '../../testing/session-info.ts';
import { COMMAND_NAMES, isGroupName, loadCommand } from '../registry.ts';
import { type Suggestions, suggestWords } from './suggest-words.ts';

const SESSIONS = [
  sessionInfo({ name: 'work', command: 'vim a', cwd: '/src' }),
  sessionInfo({ name: 'build', state: 'exited', command: 'make\x1b[1m', cwd: null }),
];

function suggest(line: string): Promise<Suggestions> {
  return suggestWords(line.split(' '), {
    // One more at a host that the line names.
    sessions: async host =>
      host === undefined ? SESSIONS : [...SESSIONS, sessionInfo({ name: `at-${host}` })],
    hosts: () => ['lab', 'local'],
    describe: true,
  });
}

async function words(line: string): Promise<string[]> {
  const suggestions = await suggest(line);
  if (suggestions.kind !== 'words') throw new Error(`no words but ${suggestions.kind}`);
  return suggestions.words.map(({ word }) => word);
}

describe('suggestions', () => {
  it('begin with the commands, described', async () => {
    const suggestions = await suggest('');
    expect(suggestions).toMatchObject({ kind: 'words' });
    const all = await words('');
    expect(all).toEqual(expect.arrayContaining(['attach', 'ls', 'sessions', 'daemon', 'help']));
    expect(all).not.toContain('__complete');
    expect(suggestions).toMatchObject({
      words: expect.arrayContaining([
        { word: 'ls', description: 'List sessions' },
        { word: 'sessions', description: 'Look at sessions and change them' },
      ]),
    });
    expect(await words('-')).toEqual(['--help', '--host', '--version']);
  });

  it('go on in a group, and in help', async () => {
    expect(await words('daemon ')).toEqual([
      'start',
      'stop',
      'restart',
      'status',
      'logs',
      'drain',
      'reload',
      'log-level',
    ]);
    expect(await words('help daemon ')).toEqual([
      'start',
      'stop',
      'restart',
      'status',
      'logs',
      'drain',
      'reload',
      'log-level',
    ]);
    expect(await words('help ')).toContain('attach');
    expect(await words('help attach ')).toEqual([]);
    expect(await words('daemon nonsense ')).toEqual([]);
    expect(await words('nonsense ')).toEqual([]);
  });

  it('are the names of sessions, described, where a session is wanted', async () => {
    expect(await suggest('attach w')).toEqual({
      kind: 'words',
      words: [
        { word: 'work', description: 'running vim a /src' },
        { word: 'build', description: 'exited make[1m' },
      ],
    });
    expect(await words('events --session ')).toEqual(['work', 'build']);
    expect(await words('events --session=')).toEqual(['--session=work', '--session=build']);
    expect(await words('events -s ')).toEqual(['work', 'build']);
  });

  it('are servers behind --host, and the sessions there behind that', async () => {
    expect(await words('--host ')).toEqual(['lab', 'local']);
    expect(await words('--host=')).toEqual(['--host=lab', '--host=local']);
    expect(await words('attach --host ')).toEqual(['lab', 'local']);
    expect(await words('attach --host=')).toEqual(['--host=lab', '--host=local']);
    expect(await words('context use ')).toEqual(['lab', 'local']);
    for (const line of [
      '--host lab attach ',
      '--host=lab attach ',
      'attach --host lab ',
      'attach --host=lab ',
    ])
      expect(await words(line)).toEqual(['work', 'build', 'at-lab']);
    expect(await words('--host lab daemon st')).toContain('status');
    expect(await suggest('--host lab new -- make ')).toEqual({ kind: 'command', from: 4 });
    expect(await suggest('new -- make ')).toEqual({ kind: 'command', from: 2 });
    expect(await words('context ls --')).not.toContain('--host');
  });

  it('are settings where one is wanted, described, and none twice', async () => {
    expect(await suggest('config get ')).toMatchObject({
      words: expect.arrayContaining([{ word: 'logLevel', description: expect.stringMatching(/^How much/) }]),
    });
    expect(await words('config show term ')).not.toContain('term');
  });

  it('are the values of a setting behind it that are words, and then the other settings', async () => {
    expect(await words('config set logLevel ')).toContain('debug');
    expect(await words('config set redisTls ')).toEqual(['true', 'false']);
    for (const free of ['term', 'maxSessions', 'nothing'])
      expect(await words(`config set ${free} `)).toEqual([]);
    const others = await words('config set redisTls true ');
    expect(others).toContain('logLevel');
    expect(others).not.toContain('redisTls');
    expect(await words('config set redisTls true logLevel ')).toContain('debug');
  });

  it('name no session twice', async () => {
    expect(await words('kill work ')).toEqual(['build']);
    expect(await words('kill -- work ')).toEqual(['build']);
  });

  it('are the options that are not given yet, at a dash or when nothing else fits', async () => {
    expect(await words('attach --')).toEqual(expect.arrayContaining(['--create', '--read-only', '--help']));
    expect(await words('attach --create -d --')).not.toContain('--create');
    expect(await words('attach --create -rd --')).not.toContain('--detach');
    expect(await words('new --env A=1 --')).toContain('--env');
    expect(await words('attach work ')).toContain('--create');
    expect(await words('ls ')).toContain('--filter');
  });

  it('are the values of an option, in each of its forms', async () => {
    expect(await words('new --policy ')).toEqual(['latest', 'smallest', 'largest', 'manual']);
    expect(await words('new --policy=sm')).toContain('--policy=smallest');
    expect(await words('kill -s ')).toContain('TERM');
    expect(await words('ls --sort ')).toContain('idle');
    expect(await words('new --name ')).toEqual([]);
    expect(await words('new --json=')).toEqual([]);
    expect(await words('sessions policy work ')).toEqual(['latest', 'smallest', 'largest', 'manual']);
    expect(await words('completion ')).toEqual(['bash', 'zsh', 'fish']);
  });

  it('leave directories to the shell', async () => {
    expect(await suggest('new --cwd ')).toEqual({ kind: 'directories', before: '' });
    expect(await suggest('new --cwd=/tm')).toEqual({ kind: 'directories', before: '--cwd=' });
  });

  it('leave files to the shell', async () => {
    expect(await suggest('db import ses')).toEqual({ kind: 'files', before: '' });
    expect(await suggest('db export ')).toEqual({ kind: 'files', before: '' });
  });

  it("leave another program's line to the shell, from where it begins", async () => {
    expect(await suggest('new -d -- ')).toEqual({ kind: 'command', from: 3 });
    expect(await suggest('new -- ls --co')).toEqual({ kind: 'command', from: 2 });
    expect(await suggest('run work -- git ch')).toEqual({ kind: 'command', from: 3 });
    expect(await suggest('run ')).toMatchObject({ kind: 'words' });
  });

  it('do not take the value of an option for a session, nor for --', async () => {
    expect(await words('send --keys Up ')).toEqual(['work', 'build']);
    expect(await words('capture --scrollback ')).toEqual(['work', 'build']);
    expect(await words('capture --scrollback=5 ')).toEqual(['work', 'build']);
    expect(await suggest('new --name -- ')).toMatchObject({ kind: 'words' });
  });

  it.each(COMMAND_NAMES)('lead to every word of `%s` that its tables know', async name => {
    const { spec } = await loadCommand(name);
    const [first = '', second] = name.split(' ');
    expect(await words('')).toContain(first);
    if (second !== undefined && isGroupName(first)) expect(await words(`${first} `)).toContain(second);
    expect(await words(`${name} -`)).toHaveLength(Object.keys(spec.options).length + 1);
  });

  it('do without descriptions where the shell shows none', async () => {
    const suggestions = await suggestWords([''], {
      sessions: async () => [],
      hosts: () => [],
      describe: false,
    });
    expect(suggestions).toMatchObject({ words: expect.arrayContaining([{ word: 'ls' }]) });
  });
});
