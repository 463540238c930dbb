import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { TRITERM, Triterm } from '../support/triterm.ts';

describe('ls --watch', () => {
  it('shows a table that stays up to date, and leaves nothing behind', async () => {
    await using triterm = new Triterm();
    await triterm.ok('new', '-d', '-n', 'alpha');
    await using terminal = triterm.openShell(
      'echo before; triterm ls --watch; echo "[status $?]"; stty -a | grep -o icanon',
    );
    await terminal.until(screen => screen.alternate && /NAME[\s\S]*alpha +\S+ +running/.test(screen.text));
    await triterm.ok('new', '-d', '-n', 'beta');
    await terminal.untilText('beta');
    await triterm.ok('kill', 'alpha');
    await terminal.untilText(/alpha +\S+ +exited/);
    terminal.resize(40, 5);
    await terminal.until(screen => screen.rows.length === 5 && screen.text.includes('q leaves'));
    terminal.type('q');
    const { rows, alternate } = await terminal.untilText('icanon');
    expect(alternate).toBe(false);
    expect(rows.slice(0, 3)).toEqual(['before', '[status 0]', 'icanon']);
  });

  it('prints the list as one line after every change', async () => {
    await using triterm = new Triterm();
    await triterm.ok('new', '-d', '-n', 'alpha');
    const [file, ...args] = TRITERM;
    const child = spawn(file, [...args, 'ls', '--watch', '--json'], {
      env: triterm.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const names = async () => {
        const { value } = await lines.next();
        return (JSON.parse(String(value)) as { name: string; state: string }[]).map(
          ({ name, state }) => `${name} ${state}`,
        );
      };
      expect(await names()).toEqual(['alpha running']);
      await triterm.ok('new', '-d', '-n', 'beta');
      let last = await names();
      while (!last.includes('beta running')) last = await names();
      await triterm.ok('kill', 'beta');
      while (!last.includes('beta exited')) last = await names();
    } finally {
      child.kill();
      await once(child, 'exit');
    }
  });
});
