import { describe, expect, it } from 'vitest';
import { TRITERM, Triterm, until } from '../support/triterm.ts';

const PROMPT = /[$#] ?$/;

/** A command that sends a query, shows what is answered within half a second, and says `done-` and a number plus 1. */
function asking(query: string, number = 1): string {
  return `stty -icanon -echo min 0 time 5; printf '${query}'; cat -v; stty sane; echo; echo done-$((${number} + 1))`;
}

interface Shown {
  readonly session: { readonly id: string; readonly cols: number; readonly rows: number };
  readonly clients: readonly { readonly role: string; readonly primary: boolean; readonly view: string }[];
}

describe('attaching', () => {
  it('refuses without a terminal', async () => {
    await using triterm = new Triterm();
    const { stderr, exitCode } = await triterm.run(['attach', '--create', 'work']);
    expect(stderr).toContain('Attaching needs a terminal');
    expect(exitCode).toBe(2);
  });

  it.each([
    [['--detach-key', 'q'], 'needed for typing'],
    [['--detach-key', 'C-nonsense'], 'There is no key'],
  ])('refuses %j', async (options, message) => {
    await using triterm = new Triterm();
    await using terminal = triterm.openShell(`triterm attach ${options.join(' ')} work; echo "[status $?]"`);
    const { text } = await terminal.untilText('[status 2]');
    expect(text).toContain(message);
  });

  it('names the setting that is no key', async () => {
    await using triterm = new Triterm({ TRITERM_SWITCH_KEY: 'x' });
    await using terminal = triterm.openShell('triterm attach work; echo "[status $?]"');
    const { text } = await terminal.untilText('[status 2]');
    expect(text).toContain('switchKey: "x" is needed for typing.');
  });

  it('says what to do when there is no such session, on an untouched terminal', async () => {
    await using triterm = new Triterm();
    await triterm.ok('new', '-d', '-n', 'work');
    await using terminal = triterm.openShell('echo before; triterm attach wrok; echo "[status $?]"');
    const { rows } = await terminal.untilText('[status 3]');
    expect(rows[0]).toBe('before');
    expect(rows[1]).toContain('Did you mean work?');
  });

  it('detaches by the key that it is told', async () => {
    await using triterm = new Triterm();
    await using terminal = triterm.openShell(
      'triterm attach --create --detach-key C-t work; echo "[status $?]"',
    );
    await terminal.untilText(PROMPT);
    terminal.type('\x14');
    await terminal.untilText('[status 0]');
  });

  it('detaches by a key in its long form where the program has asked for that', async () => {
    await using triterm = new Triterm();
    await using terminal = triterm.openShell('triterm attach --create work; echo "[status $?]"');
    await terminal.untilText(PROMPT);
    terminal.type("printf '\\033[>1u'; echo set-$((1 + 1))\r");
    await terminal.untilText('set-2');
    terminal.type('\x1b[92;5');
    terminal.type('u');
    await terminal.untilText('[status 0]');
  });

  it('gives the program the size of the window, and every later one', async () => {
    await using triterm = new Triterm();
    await using terminal = triterm.open(['attach', '--create', 'work'], { cols: 91, rows: 23 });
    await terminal.untilText(PROMPT);
    terminal.type('stty size\r');
    await terminal.untilText('23 91');
    terminal.type("trap 'stty size' WINCH\r");
    for (const [cols, rows] of [
      [100, 30],
      [60, 10],
      [71, 17],
    ] as const) {
      terminal.resize(cols, rows);
      await until(async () => {
        const { session } = await triterm.json<Shown>('sessions', 'show', 'work');
        return session.cols === cols && session.rows === rows;
      }, `${cols}x${rows}`);
    }
    terminal.type('clear; stty size\r');
    await terminal.untilText('17 71');
  });

  it('shows the session to windows of other sizes', async () => {
    await using triterm = new Triterm();
    await using large = triterm.open(['attach', '--create', 'work'], { cols: 100, rows: 30 });
    await large.untilText(PROMPT);
    large.type('echo wide-$((1 + 1))\r');
    await large.untilText('wide-2');
    await using small = triterm.open(['attach', '--read-only', 'work'], { cols: 40, rows: 10 });
    await small.untilText('wide-2');
    const { clients, session } = await triterm.json<Shown>('sessions', 'show', 'work');
    expect(session).toMatchObject({ cols: 100, rows: 30 });
    expect(clients.map(client => client.view).sort()).toEqual(['bytes', 'rendered']);
    large.type('echo both-$((2 + 2))\r');
    await Promise.all([large.untilText('both-4'), small.untilText('both-4')]);
  });

  it('types nothing when it is to look only, and says so', async () => {
    await using triterm = new Triterm();
    await using typing = triterm.open(['attach', '--create', 'work']);
    await typing.untilText(PROMPT);
    await using looking = triterm.openShell('triterm attach --read-only work; echo "[status $?]"');
    await looking.untilText(PROMPT);
    looking.type('echo unwanted\r');
    await looking.untilText('read-only');
    await looking.until(screen => !screen.text.includes('read-only'));
    typing.type('echo wanted-$((1 + 1))\r');
    const { text } = await looking.untilText('wanted-2');
    expect(text).not.toContain('unwanted');
    looking.type('\x1c');
    await looking.untilText('[status 0]');
  });

  it('becomes the primary client when it takes the session', async () => {
    await using triterm = new Triterm();
    await using first = triterm.open(['attach', '--create', 'work'], { cols: 100, rows: 30 });
    await first.untilText(PROMPT);
    await using second = triterm.open(['attach', '--take', 'work'], { cols: 70, rows: 20 });
    await second.untilText(PROMPT);
    const { clients, session } = await triterm.json<Shown>('sessions', 'show', 'work');
    expect(clients.filter(client => client.primary)).toHaveLength(1);
    expect(session).toMatchObject({ cols: 70, rows: 20 });
  });

  it('prints lines that were scrolled off above the screen, as many as it is asked for', async () => {
    await using triterm = new Triterm();
    await triterm.ok('new', '-d', '-n', 'work', '--size', '80x24');
    await triterm.ok('send', 'work', '--enter', 'seq 1 100; echo end-$((1 + 1))');
    await triterm.ok('wait', 'work', '--text', 'end-2');
    await using terminal = triterm.open(['attach', '--history', '10', 'work']);
    const { scrollback, text } = await terminal.untilText('end-2');
    const numbers = [...scrollback, ...text.split('\n')].filter(line => /^\d+$/.test(line)).map(Number);
    expect(numbers.at(-1)).toBe(100);
    expect(numbers[0]).toBe(100 - numbers.length + 1);
    expect(scrollback.filter(line => /^\d+$/.test(line))).toHaveLength(10);
  });

  it('answers a query once, however many terminals are attached', async () => {
    await using triterm = new Triterm();
    await using terminal = triterm.open(['attach', '--create', 'work']);
    await terminal.untilText(PROMPT);
    await using other = triterm.open(['attach', 'work']);
    await other.untilText(PROMPT);
    terminal.type(`${asking('\\033[c\\033[?2004$p')}\r`);
    const { text } = await terminal.untilText('done-2');
    expect(text.match(/\^\[\[\?\d[\d;]*c/g)).toHaveLength(1);
    expect(text.match(/\^\[\[\?2004;\d\$y/g)).toHaveLength(1);
  });

  it("tells programs the colours of the primary client's terminal, and types nobody's answer", async () => {
    await using triterm = new Triterm();
    await using terminal = triterm.open(['attach', '--create', 'work'], {
      background: 'rgb:1111/2222/3333',
    });
    await terminal.untilText(PROMPT);
    let text = '';
    // The terminal is asked after the first paint, and answers when it likes.
    for (let tries = 1; tries < 20 && !text.includes('1111'); tries += 1) {
      terminal.type(`clear; ${asking('\\033]11;?\\033\\\\', tries)}\r`);
      ({ text } = await terminal.untilText(`done-${tries + 1}`));
    }
    expect(text).toContain('^[]11;rgb:1111/2222/3333^[\\');
    expect(text.match(/1111/g)).toHaveLength(1);
  });

  it('attaches the only session without a name, and begins one called main where there is none', async () => {
    await using triterm = new Triterm();
    await using first = triterm.openShell('triterm; echo "[status $?]"');
    await first.untilText(PROMPT);
    first.type('\x1c');
    await first.untilText('[detached from main]');
    await using second = triterm.open(['attach']);
    await second.untilText(PROMPT);
    expect(await triterm.json('ls')).toMatchObject([{ name: 'main', clients: 1 }]);
  });

  it.each([
    ['of its size', 80, 24],
    ['of another size', 60, 10],
  ])('shows the last words of a program that has ended, in a window %s', async (_, cols, rows) => {
    await using triterm = new Triterm();
    await triterm.ok(
      'new',
      '-d',
      '-n',
      'work',
      '--size',
      '80x24',
      '--',
      'sh',
      '-c',
      'echo last words; exit 4',
    );
    await triterm.ok('wait', 'work', '--exit');
    await using terminal = triterm.openShell('triterm attach work; echo "[status $?]"', { cols, rows });
    const { text } = await terminal.untilText('[work exited with status 4]\n[status 4]');
    expect(text).toContain('last words');
  });

  it('begins anew under the name of a session that has ended', async () => {
    await using triterm = new Triterm();
    await using terminal = triterm.openShell(
      'triterm attach --create work; echo "[status $?]"; triterm attach --create work',
    );
    await terminal.untilText(PROMPT);
    terminal.type('exit 7\r');
    await terminal.untilText('[status 7]');
    await terminal.until(screen => PROMPT.test(screen.text) && !screen.text.includes('[status'));
    terminal.type('echo anew-$((1 + 1))\r');
    await terminal.untilText('anew-2');
  });
});

describe('attaching from within a session', () => {
  it('refuses that session itself, and says where it shows another', async () => {
    await using triterm = new Triterm();
    await triterm.ok('new', '-d', '-n', 'inner');
    await using terminal = triterm.openShell('triterm attach --create outer');
    await terminal.untilText(PROMPT);
    const command = TRITERM.join(' ');
    terminal.type(`clear; ${command} attach outer; echo "[status $?]"\r`);
    const { text } = await terminal.untilText('[status 4]');
    expect(text).toContain('Session outer cannot be shown inside itself.');
    terminal.type(`clear; ${command} attach --detach-key C-t inner; echo "[status $?]"\r`);
    await terminal.until(screen => PROMPT.test(screen.text) && screen.cursor.row === 0);
    terminal.type('echo in-$TRITERM_SESSION_NAME\r');
    const { scrollback } = await terminal.untilText('in-inner');
    expect(scrollback.join('\n')).toContain('session inner is shown inside session outer');
    terminal.type('\x14');
    await terminal.untilText('[status 0]');
  });
});

describe('choosing a session', () => {
  it('switches by a key, and stays where nothing is chosen', async () => {
    await using triterm = new Triterm();
    await triterm.ok('new', '-d', '-n', 'alpha');
    await triterm.ok('new', '-d', '-n', 'beta');
    await using terminal = triterm.openShell('triterm attach alpha; echo "[status $?]"');
    await terminal.untilText(PROMPT);
    terminal.type('echo in-$TRITERM_SESSION_NAME\r');
    await terminal.untilText('in-alpha');
    terminal.type('\x1d');
    await terminal.until(screen => screen.alternate && screen.text.includes('beta'));
    terminal.type('\x1b');
    await terminal.until(screen => !screen.alternate && screen.text.includes('in-alpha'));
    terminal.type('\x1d');
    await terminal.until(screen => screen.alternate && screen.text.includes('beta'));
    terminal.type('bet');
    await terminal.untilText('Session: bet');
    terminal.type('\r');
    await terminal.until(screen => !screen.alternate && PROMPT.test(screen.text));
    terminal.type('echo in-$TRITERM_SESSION_NAME\r');
    await terminal.untilText('in-beta');
    terminal.type('\x1c');
    await terminal.untilText('[detached from beta]\n[status 0]');
  });

  it('asks which when there are several', async () => {
    await using triterm = new Triterm();
    await triterm.ok('new', '-d', '-n', 'alpha');
    await triterm.ok('new', '-d', '-n', 'beta');
    await using terminal = triterm.openShell('triterm attach; echo "[status $?]"', { cols: 40, rows: 6 });
    await terminal.untilText(/alpha[\s\S]*beta/);
    terminal.type('\x1b[B');
    await terminal.untilText(/> beta/);
    terminal.type('\r');
    await terminal.until(screen => !screen.alternate && PROMPT.test(screen.text));
    terminal.type('echo in-$TRITERM_SESSION_NAME\r');
    await terminal.untilText('in-beta');
    terminal.type('\x1c');
    await terminal.untilText('[detached from beta]');
  });
});
