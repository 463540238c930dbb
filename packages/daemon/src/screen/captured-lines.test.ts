import { describe, expect, it } from 'vitest';
import { jsonBytes } from '../json-bytes.ts';
import { capturedLines } from './captured-lines.ts';

const RED = '\u001b[31mred\u001b[m';
const ROOMY = 1_000_000;
/** Lines 0, 1, 2, …, as they come: the newest first. */
const newestFirst = (...texts: string[]) => texts.map((text, number) => ({ number, text })).reverse();

describe('the lines of a capture', () => {
  it('are the last ones that were asked for, oldest first', () => {
    const lines = newestFirst('a', 'b', 'c');
    expect(capturedLines(lines, { lines: 2, ansi: true, bytes: ROOMY })).toEqual({
      scrollback: ['b', 'c'],
      firstLine: 1,
      more: false,
    });
    expect(capturedLines(lines, { lines: 9, ansi: true, bytes: ROOMY })).toEqual({
      scrollback: ['a', 'b', 'c'],
      firstLine: 0,
      more: false,
    });
    expect(capturedLines([], { lines: 9, ansi: true, bytes: ROOMY })).toEqual({
      scrollback: [],
      firstLine: null,
      more: false,
    });
  });

  it('are plain unless colours are wanted', () => {
    expect(capturedLines(newestFirst(RED), { lines: 1, ansi: false, bytes: ROOMY }).scrollback).toEqual([
      'red',
    ]);
    expect(capturedLines(newestFirst(RED), { lines: 1, ansi: true, bytes: ROOMY }).scrollback).toEqual([RED]);
  });

  it('are as many as fit, measured as JSON, and say that there are more', () => {
    const lines = newestFirst(RED, RED, RED);
    const room = 2 * jsonBytes(RED);
    expect(capturedLines(lines, { lines: 9, ansi: true, bytes: room })).toEqual({
      scrollback: [RED, RED],
      firstLine: 1,
      more: true,
    });
    expect(capturedLines(lines, { lines: 9, ansi: true, bytes: room - 1 })).toMatchObject({
      firstLine: 2,
      more: true,
    });
    expect(capturedLines(lines, { lines: 9, ansi: false, bytes: room })).toMatchObject({
      firstLine: 0,
      more: false,
    });
    expect(capturedLines(lines, { lines: 2, ansi: true, bytes: room })).toMatchObject({
      firstLine: 1,
      more: false,
    });
  });

  it('are one at least: without colours, or cut off, when it alone does not fit', () => {
    const lines = newestFirst('old', RED);
    expect(capturedLines(lines, { lines: 9, ansi: true, bytes: 10 })).toEqual({
      scrollback: ['red'],
      firstLine: 1,
      more: true,
    });
    const long = capturedLines(newestFirst('\u00e9'.repeat(100)), { lines: 9, ansi: true, bytes: 60 });
    expect(long).toEqual({ scrollback: ['\u00e9'.repeat(10)], firstLine: 0, more: false });
  });
});
