import type { WindowSize } from '@triterm/core/domain';
import type { WireError } from '@triterm/core/errors';
import type {
  Capture,
  CaptureOptions,
  Checkpoint,
  Paint,
  PaintOptions,
  Rendered,
  ScreenOptions,
  SearchMatch,
  ShellMark,
} from './screen.ts';

/** The last message of the main thread: the worker is to end by itself. */
export const LEAVE = 'leave';

/** What the main thread sends: several at once, in the order in which they were made. `screen` names one open screen. */
export type ToWorker =
  | { readonly kind: 'open'; readonly screen: number; readonly options: ScreenOptions }
  | { readonly kind: 'write'; readonly screen: number; readonly offset: number; readonly bytes: Uint8Array }
  | {
      readonly kind: 'resize';
      readonly screen: number;
      readonly offset: number;
      readonly size: WindowSize;
      readonly sizeGeneration: number;
    }
  | { readonly kind: 'gap'; readonly screen: number; readonly from: number; readonly to: number }
  | { readonly kind: 'colours'; readonly screen: number; readonly colours: Colours }
  | { readonly kind: 'dropView'; readonly screen: number; readonly view: string }
  | {
      readonly kind: 'request';
      readonly screen: number;
      readonly id: number;
      readonly request: ScreenRequest;
    }
  | { readonly kind: 'close'; readonly screen: number };

export interface Colours {
  readonly foreground?: string;
  readonly background?: string;
  readonly cursor?: string;
}

/** Requests and their results, by name. */
export interface ScreenRequests {
  paint: { params: PaintOptions; result: Paint };
  render: { params: { view: string; window: WindowSize; reset: boolean }; result: Rendered };
  checkpoint: { params: Record<string, never>; result: Checkpoint };
  capture: { params: CaptureOptions; result: Capture };
  search: {
    params: { pattern: string; flags: string; limit: number };
    result: { matches: SearchMatch[]; truncated: boolean };
  };
  match: { params: { pattern: string }; result: string | null };
  discard: { params: Record<string, never>; result: null };
}
export type RequestName = keyof ScreenRequests;
export type ScreenRequest = {
  [N in RequestName]: { readonly name: N; readonly params: ScreenRequests[N]['params'] };
}[RequestName];
export type ScreenResult = ScreenRequests[RequestName]['result'];

export type ScreenEvent =
  | { readonly kind: 'answer'; readonly offset: number; readonly data: Uint8Array }
  | { readonly kind: 'title'; readonly offset: number; readonly title: string }
  | { readonly kind: 'cwd'; readonly offset: number; readonly cwd: string }
  | { readonly kind: 'bell'; readonly offset: number }
  | { readonly kind: 'notification'; readonly offset: number; readonly body: string }
  | { readonly kind: 'mark'; readonly mark: ShellMark };

/** What the worker sends: several at once. */
export type FromWorker =
  | { readonly kind: 'events'; readonly screen: number; readonly events: readonly ScreenEvent[] }
  | { readonly kind: 'parsed'; readonly screen: number; readonly offset: number; readonly bytes: number }
  | { readonly kind: 'trouble'; readonly screen: number; readonly message: string }
  | { readonly kind: 'reply'; readonly id: number; readonly result: ScreenResult }
  | { readonly kind: 'refusal'; readonly id: number; readonly error: WireError };
