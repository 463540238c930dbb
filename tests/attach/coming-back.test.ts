import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Triterm, until } from '../support/triterm.ts';

const PROMPT = /[$#] ?$/;

function sha256(bytes: string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe('an attached client whose daemon goes away', () => {
  it('starts it again and goes on, with every key typed meanwhile', async () => {
    await using triterm = new Triterm();
    await using terminal = triterm.open(['attach', '--create', 'work']);
    await terminal.untilText(PROMPT);
    terminal.type('before=1\r');
    const first = await triterm.killDaemon();
    terminal.type('echo $before-$((6 * 7))-');
    terminal.type('done\r');
    const { text } = await terminal.untilText('1-42-done');
    expect(triterm.daemonPid).not.toBe(first);
    expect(text.match(/echo/g)).toHaveLength(1);
  });

  it('gets every byte of a flood once over several deaths', async () => {
    await using triterm = new Triterm();
    // Any other client may be left behind when the machine is so busy that it takes nothing for a moment.
    await using terminal = triterm.open(['attach', '--create', '--lossless', 'work'], {
      keep: true,
      answers: false,
    });
    await terminal.untilText(PROMPT);
    // Marks that are not in the echo of the line.
    terminal.type("printf 'BEG%s' IN; seq 1 1500000; printf 'EN%s' D\r");
    for (const bytes of [1_000_000, 4_000_000, 7_000_000]) {
      await terminal.until(() => terminal.writtenBytes > bytes);
      await triterm.killDaemon();
    }
    await terminal.untilText(/END.*[$#] ?$/, 60_000);
    const written = terminal.written.toString('latin1');
    const flood = written.slice(written.indexOf('BEGIN') + 'BEGIN'.length, written.lastIndexOf('END'));
    const expected = Array.from({ length: 1_500_000 }, (_, index) => `${index + 1}\r\n`).join('');
    expect(flood.length).toBe(expected.length);
    expect(sha256(flood)).toBe(sha256(expected));
  });

  it('delivers every byte of a long paste once, while daemons die', async () => {
    await using triterm = new Triterm();
    await using terminal = triterm.open(['attach', '--create', 'work'], { answers: false });
    await terminal.untilText(PROMPT);
    terminal.type('stty -echo; cat > typed; echo taken-$((1 + 1))\r');
    await until(() => existsSync(join(triterm.dir, 'typed')), 'the program that reads');
    const lines = Array.from({ length: 40_000 }, (_, index) => `line ${index}\n`).join('');
    terminal.type(lines);
    const taken = (): number => statSync(join(triterm.dir, 'typed')).size;
    for (const part of [0.1, 0.4, 0.7]) {
      await until(() => taken() > part * lines.length, `${part} of the paste`, 30_000);
      await triterm.killDaemon();
    }
    await until(() => taken() === lines.length, 'all of the paste', 30_000);
    terminal.type('\x04');
    await terminal.untilText('taken-2');
    expect(sha256(readFileSync(join(triterm.dir, 'typed'), 'latin1'))).toBe(sha256(lines));
  });

  it('goes on through `daemon restart`', async () => {
    await using triterm = new Triterm();
    await using terminal = triterm.open(['attach', '--create', 'work']);
    await terminal.untilText(PROMPT);
    const first = triterm.daemonPid;
    await triterm.ok('daemon', 'restart');
    terminal.type('echo still-$((1 + 1))\r');
    await terminal.untilText('still-2');
    expect(triterm.daemonPid).not.toBe(first);
  });

  it('says so when the daemon does not answer, and repairs the screen when it does', async () => {
    await using triterm = new Triterm();
    await using terminal = triterm.open(['attach', '--create', 'work']);
    await terminal.untilText(PROMPT);
    terminal.type('echo shown-$((1 + 1))\r');
    await terminal.untilText('shown-2');
    process.kill(triterm.daemonPid, 'SIGSTOP');
    const { rows } = await terminal.untilText('not responding');
    expect(rows.at(-1)).toContain('tritermd is not responding');
    process.kill(triterm.daemonPid, 'SIGCONT');
    const { text } = await terminal.until(screen => !screen.text.includes('not responding'));
    expect(text).toContain('shown-2');
    terminal.type('echo back-$((1 + 1))\r');
    await terminal.untilText('back-2');
  });

  it('can be left while the daemon does not answer', async () => {
    await using triterm = new Triterm();
    await using terminal = triterm.openShell('triterm attach --create work; echo "[status $?]"');
    await terminal.untilText(PROMPT);
    process.kill(triterm.daemonPid, 'SIGSTOP');
    await terminal.untilText('not responding');
    terminal.type('\x1c');
    await terminal.untilText('[status 0]');
    process.kill(triterm.daemonPid, 'SIGCONT');
  });

  it('says that the session was lost with its host, and makes it again when asked to', async () => {
    await using triterm = new Triterm();
    await using terminal = triterm.openShell(
      'triterm attach --create work; echo "[status $?]"; triterm attach --create work',
    );
    await terminal.untilText(PROMPT);
    terminal.type('echo old-$((1 + 1))\r');
    await terminal.untilText('old-2');
    const { ptyHostPid } = await triterm.json<{ ptyHostPid: number }>('daemon', 'status');
    process.kill(ptyHostPid, 'SIGKILL');
    await terminal.untilText('[status 4]');
    const { text, scrollback } = await terminal.untilText(/recreated [\s\S]*[$#] ?$/);
    expect([...scrollback, text].join('\n')).toContain('old-2');
    terminal.type('echo new-$((1 + 1))\r');
    await terminal.untilText('new-2');
  });

  it('comes back with others, and one daemon serves them all', async () => {
    await using triterm = new Triterm();
    await triterm.ok('new', '-d', '-n', 'work');
    const terminals = Array.from({ length: 4 }, () => triterm.open(['attach', 'work']));
    try {
      await Promise.all(terminals.map(terminal => terminal.untilText(PROMPT)));
      await triterm.killDaemon();
      const [first] = terminals;
      first?.type('echo all-$((1 + 1))\r');
      await Promise.all(terminals.map(terminal => terminal.untilText('all-2')));
      const sees = async () => (await triterm.json<{ clients: number }>('daemon', 'status')).clients === 4;
      await until(sees, 'four clients');
    } finally {
      await Promise.all(terminals.map(terminal => terminal[Symbol.asyncDispose]()));
    }
  });
});
