import { fileURLToPath } from 'node:url';
import { PtyTerminal } from '@triterm/core/testing/pty-terminal';
import { describe, expect, it } from 'vitest';

function run(program: string): PtyTerminal {
  return new PtyTerminal({
    file: process.execPath,
    args: [
      '--conditions=@triterm/source',
      '--no-warnings',
      fileURLToPath(new URL(`testing/${program}.ts`, import.meta.url)),
    ],
    env: process.env,
  });
}

describe('ClientTerminal', () => {
  it('undoes modes that output would have undone which was not shown any more', async () => {
    await using terminal = run('leave-early');
    await terminal.until(screen => screen.alternate && screen.text.includes('painted'));
    terminal.type('x');
    const screen = await terminal.untilText('left');
    expect(screen.alternate).toBe(false);
    expect(screen.modes.mouseTrackingMode).toBe('none');
    expect((await terminal.exited).exitCode).toBe(0);
  });
});
