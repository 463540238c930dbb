import { describe, expect, it } from 'vitest';
import type { ShellMark } from '../../screen/screen.ts';
import { initialPrompt, type PromptState, promptAfter, promptAfterEnter } from './prompt-state.ts';

const A: ShellMark = { kind: 'promptStart', offset: 0 };
const B: ShellMark = { kind: 'promptEnd', offset: 1 };
const C = (command: string): ShellMark => ({ kind: 'commandStarted', offset: 2, command });
const D = (exitCode: number | null): ShellMark => ({
  kind: 'commandFinished',
  offset: 9,
  endOffset: 8,
  exitCode,
});

const after = (...marks: ShellMark[]): PromptState => marks.reduce(promptAfter, initialPrompt());

describe('the state of a prompt', () => {
  it('is none until a prompt ends', () => {
    expect(after().state).toBe('none');
    expect(after(A).state).toBe('none');
    expect(after(A, B)).toMatchObject({ state: 'prompt', command: '', lastExitCode: null });
  });

  it('is running from the start of a command to the end of the next prompt', () => {
    expect(after(A, B, C('make'))).toMatchObject({ state: 'running', commandRuns: true, command: 'make' });
    expect(after(A, B, C('make'), D(2))).toMatchObject({
      state: 'running',
      commandRuns: false,
      lastExitCode: 2,
    });
    expect(after(A, B, C('make'), D(2), A)).toMatchObject({ state: 'running', command: 'make' });
    expect(after(A, B, C('make'), D(2), A, B)).toMatchObject({
      state: 'prompt',
      command: '',
      lastExitCode: 2,
    });
  });

  it('keeps the last status over empty lines and prompts that are drawn again', () => {
    expect(after(A, B, C('x'), D(3), A, B, A, B, A, B)).toMatchObject({ state: 'prompt', lastExitCode: 3 });
  });

  it('knows no status of a command whose end was not told', () => {
    expect(after(A, B, C('x'), D(3), A, B, C('ssh host'), A, B)).toMatchObject({
      state: 'prompt',
      commandRuns: false,
      lastExitCode: null,
    });
  });

  it('takes two starts and two ends of a command, from two integrations, as one', () => {
    expect(after(A, B, C(''), C('make'))).toMatchObject({ state: 'running', command: 'make' });
    expect(after(A, B, C('make'), C(''))).toMatchObject({ state: 'running', command: 'make' });
    expect(after(A, B, C('make'), D(1), D(0))).toMatchObject({ lastExitCode: 1 });
  });

  it('is running from a line that was typed on, whatever the shell makes of it', () => {
    const entered = promptAfterEnter(after(A, B, C('x'), D(3), A, B));
    expect(entered).toMatchObject({ state: 'running', commandRuns: false, command: '' });
    expect([A, B].reduce(promptAfter, entered)).toMatchObject({ state: 'prompt', lastExitCode: 3 });
    expect([C('make'), D(1), A, B].reduce(promptAfter, entered)).toMatchObject({ lastExitCode: 1 });
    expect(promptAfterEnter(after())).toEqual(after());
    expect(promptAfterEnter(after(A, B, C('cat')))).toEqual(after(A, B, C('cat')));
  });

  it('ignores an end without a start', () => {
    expect(after(D(1))).toEqual(initialPrompt());
    expect(after(A, B, D(1))).toEqual(after(A, B));
  });
});
