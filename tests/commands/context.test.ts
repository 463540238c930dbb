import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Triterm } from '../support/triterm.ts';

const TOKEN = 'trt_0123abcd_0123456789';

let triterm: Triterm;
beforeEach(() => {
  triterm = new Triterm();
});
afterEach(() => triterm[Symbol.asyncDispose]());

const kept = () => readFileSync(join(triterm.dir, '.config/triterm/contexts.json'), 'utf8');

describe('triterm context add, in a terminal', () => {
  it('asks for the token and shows nothing of it', async () => {
    await using terminal = triterm.openShell('triterm context add lab wss://lab; stty -a; echo left-$?');
    await terminal.untilText('Token for lab:');
    terminal.type(`wrong\x15${TOKEN}x\x7f\r`);
    const { text } = await terminal.untilText('left-0');
    expect(text).not.toContain('trt_');
    expect(text).toMatch(/ icanon .* echo /s);
    expect(JSON.parse(kept())).toMatchObject({ contexts: { lab: { url: 'wss://lab/', token: TOKEN } } });
  });

  it('keeps nothing when it is interrupted, and leaves the terminal as it was', async () => {
    await using terminal = triterm.openShell(
      'trap : INT; triterm context add lab wss://lab; stty -a; echo left',
    );
    await terminal.untilText('Token for lab:');
    terminal.type('trt_\x03');
    const { text } = await terminal.untilText('left');
    expect(text).toMatch(/ icanon .* echo /s);
    expect(kept).toThrow(/ENOENT/);
  });
});
