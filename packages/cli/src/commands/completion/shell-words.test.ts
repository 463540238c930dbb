import { describe, expect, it } from 'vitest';
import { shellWords } from './shell-words.ts';

describe('the words of a line', () => {
  it.each([
    ['', ['']],
    ['triterm', ['triterm']],
    ['triterm ', ['triterm', '']],
    ['triterm  attach\two', ['triterm', 'attach', 'wo']],
    ['a --sort=na', ['a', '--sort=na']],
    ["a 'b c", ['a', 'b c']],
    ["a 'b c' ", ['a', 'b c', '']],
    ['a "b \'c', ['a', "b 'c"]],
    ['a "b"c\'d\'', ['a', 'bcd']],
    ['a b\\ c', ['a', 'b c']],
    ['a b\\', ['a', 'b']],
    ['a "x\\"y', ['a', 'x"y']],
    ["a 'x\\y", ['a', 'x\\y']],
    ['a ""', ['a', '']],
    ["a '' b", ['a', '', 'b']],
    ['a $(rm -rf x)', ['a', '$(rm', '-rf', 'x)']],
  ])('%j are %j', (line, words) => expect(shellWords(line)).toEqual(words));
});
