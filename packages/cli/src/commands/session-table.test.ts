import { describe, expect, it } from 'vitest';
import { displayWidth } from '../output/display-width.ts';
import type { Printer } from '../output/printer.ts';
import { sessionInfo } from '../testing/session-info.ts';
import { fromHome, sessionLines, sessionRecords } from './session-table.ts';

const NOW = { ms: Date.parse('2026-01-01T01:00:00.000Z'), home: '/home/me' };

function printer(columns: number | undefined, paint: Printer['paint'] = (_look, text) => text): Printer {
  return { isTerminal: true, columns, paint, line: () => {}, json: () => {} };
}

describe('sessions for a person', () => {
  it('stand in aligned columns with ages, the directory from home', () => {
    const sessions = [
      sessionInfo({
        name: 'work',
        cwd: '/home/me/src',
        title: 'vim',
        lastActivityAt: '2026-01-01T00:59:55.000Z',
      }),
      sessionInfo({ name: 'long-name', state: 'exited', cwd: null, cols: 120, rows: 40, clients: 12 }),
    ];
    expect(sessionLines(sessions, printer(undefined), NOW)).toEqual([
      'NAME       ID            STATE    COMMAND  CWD    SIZE    CLIENTS  AGE  IDLE  TITLE',
      'work       0123456789ab  running  bash     ~/src  80x24         0   1h    5s  vim',
      'long-name  0123456789ab  exited   bash     -      120x40       12   1h    1h',
    ]);
  });

  it.each([20, 40, 60, 80, 100, 132])('fit into %d columns as long as their names and states do', columns => {
    const session = sessionInfo({
      name: '語語語語',
      command: 'cargo build --release --features=everything',
      cwd: '/home/me/very/long/path/to/some/project/of/mine',
      title: 'a title that nobody can read to its end on any terminal',
    });
    const lines = sessionLines([session], printer(columns), NOW);
    const least = 'NAME      STATE    COMMAND ';
    for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(Math.max(columns, least.length));
    expect(lines[0]).toMatch(/^NAME.*STATE.*COMMAND/);
    if (columns >= 60) expect(lines[1]).toMatch(/…[^ ]*of\/mine/);
  });

  it('paint the state, and the header apart', () => {
    const painted: string[] = [];
    const paint: Printer['paint'] = (look, text) => {
      painted.push(`${look}:${text.trim()}`);
      return text;
    };
    const states = (['running', 'exited', 'lost'] as const).map(state => sessionInfo({ state }));
    sessionLines(states, printer(undefined, paint), NOW);
    expect(painted).toContain('dim:NAME');
    expect(painted.slice(-3)).toEqual(['green:running', 'yellow:exited', 'red:lost']);
  });

  it('of all servers name server and user, and show dim what cannot be reached', () => {
    const painted: string[] = [];
    const paint: Printer['paint'] = (look, text) => {
      painted.push(`${look}:${text.trim()}`);
      return text;
    };
    const away = { reachable: false, unreachableSince: '2026-01-01T00:48:00.000Z' };
    const sessions = [sessionInfo({ server: 'a' }), sessionInfo({ server: 'b', user: 'ann', ...away })];
    const lines = sessionLines(sessions, printer(undefined, paint), { ...NOW, all: true });
    expect(lines[0]).toMatch(/TITLE +SERVER +USER$/);
    expect(lines[1]).toMatch(/ running .* a +local$/);
    expect(lines[2]).toMatch(/ unreachable 12m .* b +ann$/);
    expect(painted).toContain('green:running');
    expect(painted).toContain('dim:unreachable 12m');
    expect(painted).toContain('dim:ann');
  });

  it('steer no terminal', () => {
    const session = sessionInfo({ title: 'a\x1b[2Jb\nc', command: 'x\x07y', cwd: '/tmp/\u202egnp' });
    const text = sessionLines([session], printer(undefined), NOW).join('\n');
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
    expect(text).toContain('a[2Jb c');
  });
});

describe('sessions for a program', () => {
  it('have a field each between tabs, whole and exact', () => {
    const session = sessionInfo({ name: 'work', title: 'a\tb', cwd: null, command: 'x'.repeat(300) });
    expect(sessionRecords([session])).toEqual([
      [
        'work',
        '0123456789ab',
        'running',
        'x'.repeat(300),
        '',
        '80x24',
        '0',
        '2026-01-01T00:00:00.000Z',
        '2026-01-01T00:00:00.000Z',
        'a b',
      ].join('\t'),
    ]);
  });

  it('of all servers end with server, user and since when they cannot be reached', () => {
    const away = { reachable: false, unreachableSince: '2026-01-01T00:48:00.000Z' };
    const [here, gone] = sessionRecords([sessionInfo(), sessionInfo(away)], true);
    expect(here?.split('\t').slice(10)).toEqual(['host', 'local', '']);
    expect(gone?.split('\t').slice(10)).toEqual(['host', 'local', '2026-01-01T00:48:00.000Z']);
    expect(gone?.split('\t')[2]).toBe('running');
  });
});

describe('a path from home', () => {
  it.each([
    ['/home/me', '/home/me', '~'],
    ['/home/me/a', '/home/me', '~/a'],
    ['/home/meg', '/home/me', '/home/meg'],
    ['/etc', '/home/me', '/etc'],
    ['/etc', '/', '/etc'],
    ['/etc', '', '/etc'],
  ])('%s below %s is %s', (path, home, shown) => expect(fromHome(path, home)).toBe(shown));
});
