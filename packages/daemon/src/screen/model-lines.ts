import type { TerminalModel } from './model/terminal-model.ts';

/** Logical lines that are wholly or partly above the screen. */
export function linesAboveScreen(model: TerminalModel): number {
  return model.linesAboveScreen();
}

/** The screen's logical lines: rows that wrapped are joined. */
export function screenLines(model: TerminalModel, ansi: boolean): string[] {
  return model.screenLines(ansi);
}
