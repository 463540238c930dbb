import type { SessionInfo } from '@triterm/core/domain';

/** What is shown in the picker. */
export interface PickerState {
  /** Typed text: only sessions that have all of its words somewhere are shown. */
  readonly filter: string;
  /** Index among those that are shown. */
  readonly selected: number;
}

export type PickerKey = 'up' | 'down' | 'pageUp' | 'pageDown' | 'first' | 'last' | 'erase' | 'eraseAll';

export function matching(sessions: readonly SessionInfo[], filter: string): readonly SessionInfo[] {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter(word => word !== '');
  return sessions.filter(session => {
    const text = [session.name, session.id, session.state, session.command, session.cwd, session.title]
      .join('\n')
      .toLowerCase();
    return words.every(word => text.includes(word));
  });
}

/** The state after a key; `count` sessions are shown before it, `page` of them at a time. */
export function pressed(state: PickerState, key: PickerKey, count: number, page: number): PickerState {
  const { filter, selected } = state;
  const to = (index: number): PickerState => ({
    filter,
    selected: Math.min(Math.max(0, count - 1), Math.max(0, index)),
  });
  switch (key) {
    case 'up':
      return to(selected === 0 ? count - 1 : selected - 1);
    case 'down':
      return to(selected >= count - 1 ? 0 : selected + 1);
    case 'pageUp':
      return to(selected - page);
    case 'pageDown':
      return to(selected + page);
    case 'first':
      return to(0);
    case 'last':
      return to(count - 1);
    case 'erase':
      return { filter: [...filter].slice(0, -1).join(''), selected: 0 };
    case 'eraseAll':
      return { filter: '', selected: 0 };
  }
}

export function typed(state: PickerState, text: string): PickerState {
  return { filter: state.filter + text, selected: 0 };
}

/** Index of the first row of a window of `page` rows that shows the selected one, near its middle. */
export function firstShown(selected: number, count: number, page: number): number {
  return Math.max(0, Math.min(selected - Math.floor(page / 2), count - page));
}
