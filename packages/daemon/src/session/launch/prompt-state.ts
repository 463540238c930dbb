import type { ShellMark } from '../../screen/screen.ts';

/** What the marks of a shell (OSC 133) say that it is doing. */
export interface PromptState {
  /** `none`: no prompt was seen yet; `prompt`: it reads a command line; `running`: a command runs, or the next prompt is being made. */
  readonly state: 'none' | 'prompt' | 'running';
  /** Between a command's start and its end. */
  readonly commandRuns: boolean;
  /** The command that runs or has just finished, until the next prompt; empty when there is none or the shell does not tell. */
  readonly command: string;
  /** Status of the command that finished last; null when none did or the shell did not tell. */
  readonly lastExitCode: number | null;
}

export function initialPrompt(): PromptState {
  return { state: 'none', commandRuns: false, command: '', lastExitCode: null };
}

/**
 * The state once a line was typed at the prompt: the shell takes it and tells by its next mark, but until that is here it
 * would seem to be at its prompt still, and whoever waits for the command would not wait.
 */
export function promptAfterEnter(present: PromptState): PromptState {
  return present.state === 'prompt' ? { ...present, state: 'running' } : present;
}

/**
 * The state after a mark. A prompt that is drawn again, a second start of the same command and an end without a start
 * (two integrations at once) change nothing. It is `prompt` only where the prompt ends: from there on the shell takes what
 * is typed.
 */
export function promptAfter(present: PromptState, mark: ShellMark): PromptState {
  switch (mark.kind) {
    case 'promptStart':
      return present;
    case 'promptEnd':
      // A command whose end was not told has ended all the same; its status is not known.
      return {
        state: 'prompt',
        commandRuns: false,
        command: '',
        lastExitCode: present.commandRuns ? null : present.lastExitCode,
      };
    case 'commandStarted':
      return {
        ...present,
        state: 'running',
        commandRuns: true,
        command: present.commandRuns && mark.command === '' ? present.command : mark.command,
      };
    case 'commandFinished':
      if (!present.commandRuns) return present;
      return { ...present, commandRuns: false, lastExitCode: mark.exitCode };
  }
}
