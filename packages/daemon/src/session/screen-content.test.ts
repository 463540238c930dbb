import { MAX_SCREEN_BYTES } from '@triterm/core/store';
import { describe, expect, it } from 'vitest';
import {
  decodeContent,
  encodeContent,
  MAX_CONTENT_LINES,
  plain,
  type ScreenContent,
} from './screen-content.ts';

const content = (change: Partial<ScreenContent>): ScreenContent => ({
  scrollback: [],
  screen: [],
  cursor: { row: 1, col: 2, visible: true },
  alternateScreen: false,
  ...change,
});
const numbered = (prefix: string, lines: number) =>
  Array.from({ length: lines }, (_, at) => `${prefix} ${at}`);
const through = (change: Partial<ScreenContent>) => {
  const json = encodeContent(content(change));
  expect(Buffer.byteLength(json)).toBeLessThanOrEqual(MAX_SCREEN_BYTES);
  return decodeContent(json);
};

describe('the content of a screen in the database', () => {
  it('is what it was when there is little of it, attributes included', () => {
    const whole = content({ scrollback: ['\x1b[31mred\x1b[0m', 'ünïcödé 🗒'], screen: ['$ ', ''] });
    expect(through(whole)).toEqual(whole);
  });

  it('has the last 500 lines of scrollback', () => {
    const { scrollback } = through({ scrollback: numbered('line', 1000) }) ?? {};
    expect(scrollback).toEqual(numbered('line', 1000).slice(-MAX_CONTENT_LINES));
  });

  it('loses the oldest scrollback first when it is too large', () => {
    const screen = numbered('row', 50);
    const long = '\u2603"\\\n'.repeat(200);
    const kept = through({ scrollback: numbered(long, 400), screen });
    expect(kept?.screen).toEqual(screen);
    expect(kept?.scrollback.at(-1)).toBe(`${long} 399`);
    expect(kept?.scrollback.length).toBeGreaterThan(20);
    expect(kept?.scrollback.length).toBeLessThan(400);
  });

  it('loses the attributes of a screen that is too large with them, and then what does not fit', () => {
    const coloured = (text: string) => [...text].map(cell => `\x1b[38;2;250;250;250m${cell}`).join('');
    const screen = numbered('0123456789', 400);
    expect(through({ screen: screen.map(coloured), scrollback: ['above'] })).toEqual(
      content({ screen, scrollback: ['above'] }),
    );
    const vast = through({ screen: Array.from({ length: 1000 }, () => 'x'.repeat(4096)) });
    expect(vast?.screen.length).toBeGreaterThan(20);
  });

  it('is nothing where it is damaged or of another shape', () => {
    for (const json of ['', '{', '{}', 'null', '{"screen":[1]}']) expect(decodeContent(json)).toBeUndefined();
  });

  it('is shown plainly without its attributes', () => {
    expect(plain('\x1b[1;31mred\x1b[0m and \x1b[4mlined\x1b[m')).toBe('red and lined');
  });
});
