import type { TerminalModel } from './model/terminal-model.ts';

/** Logical lines that are wholly or partly above the screen. */
export function linesAboveScreen(model: TerminalModel): number {
  return lineCounts(model).at(-1) ?? 0;
}

/** For every row above the screen, and the screen's top row: how many logical lines begin before it. */
export function lineCounts(model: TerminalModel): number[] {
  return model.lineCounts();
}

/** The screen's logical lines: rows that wrapped are joined. */
export function screenLines(model: TerminalModel, ansi: boolean): string[] {
  return model.screenLines(ansi);
}
