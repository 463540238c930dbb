import type { ModelMark } from './shell-messages.ts';

/** What a model tells while it is fed. Must not call the model, but for `rowsPiledUp`. */
export interface ModelListener {
  /** The answer to a query, for the program. */
  answer(data: Uint8Array): void;
  title(title: string): void;
  /** OSC 7: an absolute path on this host. */
  cwd(cwd: string): void;
  bell(): void;
  notification(body: string): void;
  mark(mark: ModelMark): void;
  /** The program erased the rows above the screen. */
  historyCleared(): void;
  /** Rows above the screen take much memory: the time to drop or take some. Twice as many are not kept. */
  rowsPiledUp(): void;
}
