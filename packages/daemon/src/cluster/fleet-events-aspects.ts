import type { SessionEvent } from '@triterm/core/protocol';
import type { SessionRow } from '@triterm/core/store';

/** What events tell of a session that its row has too, so that it can be found there when an event was missed. */
const ASPECTS = ['server', 'state', 'name', 'size', 'title', 'cwd'] as const;
export type Aspect = (typeof ASPECTS)[number];

export type Aspects = Readonly<Record<Aspect, string>>;

/** What a session's row says, as texts that can be compared. */
export function aspectsOf({ ownerServer, state, name, doc }: SessionRow): Aspects {
  return {
    server: ownerServer,
    state,
    name,
    size: `${doc.cols}x${doc.rows}`,
    title: doc.title,
    cwd: doc.cwd,
  };
}

/** What an event says; empty for one that leaves no trace in the row. */
export function aspectsIn({ type, name, server, data }: SessionEvent): Partial<Aspects> {
  switch (type) {
    case 'created':
      return { server, state: 'running', name };
    case 'exited':
    case 'lost':
      return { state: type };
    case 'moved':
      // The one that has lost it tells who has it.
      return { server: typeof data.owner === 'string' ? data.owner : server };
    case 'renamed':
      return { name };
    case 'resized':
      return { size: `${data.cols}x${data.rows}` };
    case 'title':
      return { title: String(data.title) };
    case 'cwd':
      return { cwd: String(data.cwd) };
    default:
      return {};
  }
}

/** Those that are said. */
export function said(aspects: Partial<Aspects>): readonly (readonly [Aspect, string])[] {
  return ASPECTS.flatMap(aspect => {
    const value = aspects[aspect];
    return value === undefined ? [] : [[aspect, value] as const];
  });
}

export type Change = Pick<SessionEvent, 'type' | 'data'>;

/** In which order changes are told: a beginning first, an end last. */
export function orderOf({ state }: SessionRow): readonly Aspect[] {
  return state === 'running'
    ? ['server', 'state', 'name', 'size', 'title', 'cwd']
    : ['server', 'name', 'size', 'title', 'cwd', 'state'];
}

/** The event that tells how the row is now in one respect. */
export function changeOf(aspect: Aspect, before: string, { name, state, doc }: SessionRow): Change {
  const { cols, rows, title, cwd, command, exitCode, signal } = doc;
  switch (aspect) {
    case 'server':
      return { type: 'moved', data: {} };
    case 'name':
      return { type: 'renamed', data: { name, before } };
    case 'size':
      return { type: 'resized', data: { cols, rows } };
    case 'title':
      return { type: 'title', data: { title } };
    case 'cwd':
      return { type: 'cwd', data: { cwd } };
    case 'state':
      if (state === 'running') return { type: 'created', data: { command } };
      return state === 'exited' ? { type: 'exited', data: { exitCode, signal } } : { type: 'lost', data: {} };
  }
}
