import { describe, expect, it } from 'vitest';
import { commandOutput } from './run-output.ts';

const fish = (text: string) => commandOutput('fish', Buffer.from(text)).toString();

describe("a command's output", () => {
  it.each([
    ["\x1b[?2004l\x1b]0; 'echo' 'é' ~\x07\x1b[30m\x1b(B\x1b[m\rhello\r\n", 'hello\r\n'],
    ['\x1b]0;x\x1b\\\x1b[m\x0fhello', 'hello'],
    ['\x1b[?2004l\x1b[mhello', 'hello'],
    ['hello\x1b[?2004l', 'hello\x1b[?2004l'],
    ['\x1b[31mred\x1b[m', '\x1b[31mred\x1b[m'],
    ['', ''],
  ])('is without what fish writes before it: %j', (written, output) => expect(fish(written)).toBe(output));

  it('is what it is in other shells', () => {
    const bytes = Buffer.from('\x1b[?2004l\x1b[mhello');
    expect(commandOutput('bash', bytes)).toEqual(bytes);
    expect(commandOutput('zsh', bytes)).toEqual(bytes);
  });
});
