import { ReadStream } from 'node:tty';
import type { SessionInfo } from '@triterm/core/domain';
import { Box, type Key, render, Text, useApp, useInput, useWindowSize } from 'ink';
import { createElement, type ReactElement, useState } from 'react';
import type { CommandContext } from '../commands/definition.ts';
import { truncateEnd } from '../output/display-width.ts';
import { pickerRows } from './picker-rows.ts';
import { firstShown, matching, type PickerKey, type PickerState, pressed, typed } from './picker-state.ts';

/** Lines beside the sessions: filter, header, help. */
const OTHER_LINES = 3;
/** Columns for the mark of the selected session. */
const MARK_COLUMNS = 2;

/**
 * Lets a person choose a session: the id, or undefined when none was chosen. `current` is selected at first. Uses the
 * terminal's alternate screen, and leaves nothing behind.
 */
export async function pickSession(
  candidates: readonly SessionInfo[],
  { stdin, stdout, stderr, env }: Pick<CommandContext, 'stdin' | 'stdout' | 'stderr' | 'env'>,
  current?: string,
): Promise<string | undefined> {
  let chosen: string | undefined;
  const picker = createElement(Picker, {
    sessions: candidates,
    current,
    home: env.HOME ?? '',
    choose: id => {
      chosen = id;
    },
  });
  // Ink makes the stream that it reads one of strings for good; ours must go on as one of bytes.
  const keyboard = new ReadStream(descriptor(stdin));
  const app = render(picker, {
    stdin: keyboard,
    stdout,
    stderr,
    alternateScreen: true,
    interactive: true,
    patchConsole: false,
  });
  try {
    await app.waitUntilExit();
  } finally {
    keyboard.destroy();
  }
  return chosen;
}

/** Of the process's own stdin Node's types say that it has one. */
function descriptor(stdin: NodeJS.ReadStream): number {
  return 'fd' in stdin && typeof stdin.fd === 'number' ? stdin.fd : 0;
}

interface PickerProperties {
  readonly sessions: readonly SessionInfo[];
  readonly current: string | undefined;
  readonly home: string;
  choose(id: string): void;
}

function Picker({ sessions, current, home, choose }: PickerProperties): ReactElement {
  const { exit } = useApp();
  const { columns, rows } = useWindowSize();
  const [state, setState] = useState<PickerState>({
    filter: '',
    selected: Math.max(
      0,
      sessions.findIndex(session => session.id === current),
    ),
  });
  const shown = matching(sessions, state.filter);
  const page = Math.max(1, rows - OTHER_LINES);

  useInput((input, key) => {
    if (key.escape) {
      exit();
      return;
    }
    if (key.return) {
      const session = shown[state.selected];
      if (session === undefined) return;
      choose(session.id);
      exit();
      return;
    }
    const named = pickerKey(input, key);
    if (named !== undefined) setState(pressed(state, named, shown.length, page));
    else if (!key.ctrl && !key.meta) setState(typed(state, input.replace(/\p{Cc}/gu, '')));
  });

  const [header = '', ...lines] = pickerRows(shown, columns - MARK_COLUMNS, { ms: Date.now(), home });
  const first = firstShown(state.selected, lines.length, page);
  const visible = lines.slice(first, first + page);
  return createElement(
    Box,
    { flexDirection: 'column', height: rows },
    line('filter', `Session: ${state.filter}`, columns),
    line('header', `  ${header}`, columns, { dimColor: true }),
    ...(visible.length === 0
      ? [line('none', '  No session matches.', columns, { dimColor: true })]
      : visible.map((text, index) => {
          const isSelected = first + index === state.selected;
          return line(`row ${index}`, `${isSelected ? '> ' : '  '}${text}`, columns, { inverse: isSelected });
        })),
    line('help', 'type to filter · ↑ ↓ move · Enter attaches · Esc leaves', columns, { dimColor: true }),
  );
}

function line(
  key: string,
  text: string,
  columns: number,
  look: { dimColor?: boolean; inverse?: boolean } = {},
): ReactElement {
  return createElement(Text, { key, wrap: 'truncate', ...look }, truncateEnd(text, columns));
}

function pickerKey(input: string, key: Key): PickerKey | undefined {
  if (key.upArrow || (key.ctrl && input === 'p')) return 'up';
  if (key.downArrow || (key.ctrl && input === 'n')) return 'down';
  if (key.pageUp) return 'pageUp';
  if (key.pageDown) return 'pageDown';
  if (key.home) return 'first';
  if (key.end) return 'last';
  if (key.backspace || key.delete) return 'erase';
  return key.ctrl && input === 'u' ? 'eraseAll' : undefined;
}
