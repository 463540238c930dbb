import { describe, expect, it } from 'vitest';
import { ColourProbe, canBeProbed } from './colour-probe.ts';

describe('ColourProbe', () => {
  it('is over with what the terminal said when that has said what it is', async () => {
    const probe = new ColourProbe();
    expect(probe.begin()).toBe(true);
    expect(probe.begin()).toBe(false);
    probe.answer(Buffer.from('\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\'));
    probe.answer(Buffer.from('\x1b]10;rgb:ffff/ffff/ffff\x07'));
    expect(probe.isPending).toBe(true);
    probe.answer(Buffer.from('\x1b[?62;4c'));
    expect(await probe.finished).toEqual({
      background: 'rgb:1e1e/1e1e/1e1e',
      foreground: 'rgb:ffff/ffff/ffff',
    });
    expect(probe.isPending).toBe(false);
  });

  it('keeps nothing that is no colour', () => {
    const probe = new ColourProbe();
    probe.answer(Buffer.from(`\x1b]11;${'x'.repeat(65)}\x07`));
    probe.answer(Buffer.from('\x1b]11;rgb:0/0/0;evil\x07'));
    expect(probe.colours).toEqual({});
  });

  it('leaves terminals alone that would show the question', () => {
    expect(canBeProbed({ TERM: 'xterm-256color' })).toBe(true);
    expect(canBeProbed({ TERM: 'linux' })).toBe(false);
    expect(canBeProbed({})).toBe(false);
  });
});
