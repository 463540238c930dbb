import { describe, expect, it } from 'vitest';
import { belonging, sessionIn } from './newcomer.ts';

const HOST = 100;
const SHELL = 200;
const GROUPS = new Map([[SHELL, 'session-a']]);
const HOST_STAT = { parent: 1, session: 50 };
const SHELL_STAT = { parent: HOST, session: SHELL };

describe('a process beside the host', () => {
  it.each([
    ['the leader', { pid: SHELL, stat: SHELL_STAT, leader: SHELL_STAT }],
    ['the leader that has ended', { pid: SHELL, stat: undefined, leader: undefined }],
    ['a child of it', { pid: 201, stat: { parent: SHELL, session: SHELL }, leader: SHELL_STAT }],
    ['an orphan', { pid: 202, stat: { parent: 1, session: SHELL }, leader: undefined }],
  ])('belongs to the group of its session: %s', (_, newcomer) => {
    expect(belonging(newcomer, GROUPS, HOST)).toEqual({ group: 'session-a' });
  });

  it.each([
    ['a copy of the host, still', { pid: 300, stat: { parent: HOST, session: 50 }, leader: HOST_STAT }],
    ['a leader', { pid: 300, stat: { parent: HOST, session: 300 }, leader: { parent: HOST, session: 300 } }],
    ['a child', { pid: 301, stat: { parent: 300, session: 300 }, leader: { parent: HOST, session: 300 } }],
  ])('waits where the host has only just started its session: %s', (_, newcomer) => {
    expect(belonging(newcomer, GROUPS, HOST)).toBe('starting');
  });

  it('has strayed when it has made a session of its own, or has ended', () => {
    const daemon = { parent: 1, session: 203 };
    expect(belonging({ pid: 203, stat: daemon, leader: daemon }, GROUPS, HOST)).toBe('strayed');
    expect(belonging({ pid: 203, stat: undefined, leader: undefined }, GROUPS, HOST)).toBe('strayed');
  });
});

it.each([
  ['TRITERM_SESSION=abc\0A=b\0', 'abc'],
  ['A=b\0TRITERM_SESSION=abc', 'abc'],
  ['XTRITERM_SESSION=abc\0TRITERM_SESSION_NAME=work\0', undefined],
  ['', undefined],
])('the session of an environment is read: %j', (text, session) => {
  expect(sessionIn(text)).toBe(session);
});
