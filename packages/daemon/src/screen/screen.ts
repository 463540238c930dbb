import type { WindowSize } from '@triterm/core/domain';

/**
 * What the sessions see of the screen models. A model is the terminal that a session's output was fed to; it lives in a
 * worker thread. Calls of one model take effect in the order in which they were made: a paint that is asked for
 * after a write shows that write.
 */
export interface Screens {
  open(session: string, options: ScreenOptions, listener: ScreenListener): Screen;
  close(): Promise<void>;
}

export interface ScreenOptions extends WindowSize {
  readonly sizeGeneration: number;
  /** Offset of the first byte that will be written. With a checkpoint: the checkpoint's. */
  readonly offset: number;
  /** State to start from; without it, a fresh terminal. */
  readonly checkpoint: Uint8Array | null;
  /** Lines of scrollback that are kept. */
  readonly scrollbackLines: number;
  /** Bytes that they may have, packed; no bound when not given. */
  readonly scrollbackBytes?: number;
  /** Directory for packed scrollback (made when missing, 0700), or null to keep it in memory. */
  readonly historyDir: string | null;
}

/** What the worker tells of its own accord. Offsets are log offsets of the end of the sequence that caused it. */
export interface ScreenListener {
  /** The terminal's answer to a query. */
  answer(queryEnd: number, data: Uint8Array): void;
  title(title: string, offset: number): void;
  /** OSC 7; a local absolute path. */
  cwd(cwd: string, offset: number): void;
  bell(offset: number): void;
  /** OSC 9, 99 or 777. */
  notification(body: string, offset: number): void;
  /** OSC 133. */
  mark(mark: ShellMark): void;
  /** Everything before this offset has been parsed. Sent at least once for every 256 KB, and when idle. */
  parsed(offset: number): void;
  /** The worker failed; every model in it is gone. The session opens another from its checkpoint. */
  failed(error: Error): void;
  /** Something did not work and the screen goes on without: history that can't be written, a damaged checkpoint. Once each. */
  trouble?(message: string): void;
}

export type ShellMark =
  /** A: a prompt begins; B: it is ready for input. */
  | { readonly kind: 'promptStart' | 'promptEnd'; readonly offset: number }
  /** C: the command begins to write; its output starts at `offset`. */
  | { readonly kind: 'commandStarted'; readonly offset: number; readonly command: string }
  /** D: `endOffset` is where the mark begins, so the command's output ends there. */
  | {
      readonly kind: 'commandFinished';
      readonly offset: number;
      readonly endOffset: number;
      readonly exitCode: number | null;
    };

export interface Screen {
  /** Bytes written and not yet parsed. */
  readonly backlogBytes: number;
  /** The stream is to wait until `parsed` is told: 40 MB of this screen or 64 MB of all screens are not parsed yet. */
  readonly full: boolean;

  /** Copies the bytes. */
  write(offset: number, bytes: Uint8Array): void;
  resize(offset: number, size: WindowSize, sizeGeneration: number): void;
  /** The bytes between were lost: the terminal is reset, history shows a marker. */
  gap(from: number, to: number): void;
  /** Colours for programs that ask (OSC 4/10/11/12), from the primary client; X11 `rgb:…` specifications. */
  setColours(colours: { foreground?: string; background?: string; cursor?: string }): void;

  /**
   * The bytes that make any freshly reset terminal of the model's size show exactly what the model shows and go on
   * equally: history lines, then the screen with all of its modes.
   */
  paint(options: PaintOptions): Promise<Paint>;
  /**
   * The bytes that bring a client of another window from the frame that it was sent last to the present screen, cropped and
   * following the cursor. `reset`: the client's screen is unknown. Empty when nothing changed.
   */
  render(view: string, window: WindowSize, reset: boolean): Promise<Rendered>;
  /** The client has gone; forgets its last frame. */
  dropView(view: string): void;

  /** State at the end of what was written, for `ScreenOptions.checkpoint`. History below it is on disk when this resolves. */
  checkpoint(): Promise<Checkpoint>;
  capture(options: CaptureOptions): Promise<Capture>;
  /** Matches over scrollback and screen, logical lines, oldest first. Throws BAD_PATTERN; TIMEOUT for a pattern that explodes. */
  search(
    pattern: string,
    flags: string,
    limit: number,
  ): Promise<{ matches: SearchMatch[]; truncated: boolean }>;
  /** Whether a logical line on the screen matches: the text matched, or null. */
  match(pattern: string): Promise<string | null>;
  /** Erases what the terminal and its history hold, on disk too. */
  discard(): Promise<void>;
  /** Frees the model; files stay. */
  close(): void;
}

export interface PaintOptions {
  /** Scrollback lines before the screen, at most; only on the primary screen. */
  readonly historyLines: number;
  /** Only lines that came after this offset: for a client that was left behind there. */
  readonly missedSince?: number;
}

export interface Paint extends WindowSize {
  readonly offset: number;
  readonly sizeGeneration: number;
  readonly bytes: Uint8Array;
}

export interface Rendered {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface Checkpoint {
  readonly offset: number;
  readonly sizeGeneration: number;
  readonly bytes: Uint8Array;
}

export interface CaptureOptions {
  readonly ansi: boolean;
  /** Lines above the screen, at most: those that fit into a message. */
  readonly scrollbackLines: number;
  /** Only those with lower numbers. */
  readonly before?: number | undefined;
}

export interface Capture extends WindowSize {
  readonly offset: number;
  readonly scrollback: string[];
  /** Permanent number of the first line of `scrollback`; null for none. */
  readonly firstLine: number | null;
  /** There are older ones that were asked for and did not fit. */
  readonly more: boolean;
  readonly screen: string[];
  readonly cursor: { row: number; col: number; visible: boolean };
  readonly alternateScreen: boolean;
}

export interface SearchMatch {
  /** Permanent number of the logical line. */
  readonly line: number;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}
