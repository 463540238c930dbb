import { describe, expect, it } from 'vitest';
import { TextSink } from '../testing/test-context.ts';
import { createPrinter, toJson } from './printer.ts';

const stream = (terminal?: { columns: number }) =>
  Object.assign(new TextSink(terminal)) as unknown as NodeJS.WriteStream & TextSink;

describe('a printer', () => {
  it('has colours for a terminal only', () => {
    expect(createPrinter(stream({ columns: 80 }), {}).paint('red', 'x')).toBe('\x1b[31mx\x1b[39m');
    expect(createPrinter(stream({ columns: 80 }), { NO_COLOR: '1' }).paint('red', 'x')).toBe('x');
    expect(createPrinter(stream(), {}).paint('red', 'x')).toBe('x');
  });

  it('knows the width of a terminal only', () => {
    expect(createPrinter(stream({ columns: 132 }), {})).toMatchObject({ isTerminal: true, columns: 132 });
    expect(createPrinter(stream(), {})).toMatchObject({ isTerminal: false, columns: undefined });
  });

  it('prints JSON on one line for a program, over several for a person', () => {
    const piped = stream();
    createPrinter(piped, {}).json({ a: [1] });
    expect(piped.text).toBe('{"a":[1]}\n');
    const terminal = stream({ columns: 80 });
    createPrinter(terminal, {}).json({ a: [1] });
    expect(terminal.text).toBe('{\n  "a": [\n    1\n  ]\n}\n');
  });

  it('never paints JSON', () => {
    const terminal = stream({ columns: 80 });
    createPrinter(terminal, { FORCE_COLOR: '1' }).json({ state: 'running' });
    expect(terminal.text).not.toContain('\x1b');
  });
});

describe('JSON', () => {
  it('steers no terminal and stays what it is', () => {
    const value = { text: '\x1b[31m\x07\x7f\x9b\u2028\u2029 語 😀' };
    const json = toJson(value, false);
    expect(json).not.toMatch(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/);
    expect(JSON.parse(json)).toEqual(value);
  });
});
