import { describe, expect, it } from 'vitest';
import { isAlive, Triterm, until } from '../support/triterm.ts';

/** Shows how the terminal was left, and goes on in a shell. */
const AFTER =
  'echo "[status $?]"; stty -a | tr ";" "\\n" | grep -oE -- "-?(opost|icanon|echo|isig)\\b" | tr "\\n" " "';
const SANE = 'opost isig icanon echo';
/** The prompt of the session's shell. */
const PROMPT = /[$#] ?$/;

/** Whatever a full-screen program sets. */
const MODES =
  '\\033[?1049h\\033[?1000h\\033[?1006h\\033[?2004h\\033[?1004h\\033[?1h\\033=\\033[?25l\\033[5;10r\\033[4h\\033(0\\033[31m';

interface Listed {
  readonly name: string;
  readonly state: string;
  readonly clients: number;
}

async function listed(triterm: Triterm, name: string): Promise<Listed | undefined> {
  return (await triterm.json<Listed[]>('ls')).find(session => session.name === name);
}

describe('leaving an attached session', () => {
  it('keeps what was on the screen, detaches by its key and leaves the terminal as it was', async () => {
    await using triterm = new Triterm();
    await using terminal = triterm.openShell(`echo before; triterm attach --create work; ${AFTER}`);
    await terminal.untilText(PROMPT);
    expect(terminal.screen.scrollback.join('\n')).toContain('before');
    terminal.type('echo answer-$((6 * 7))\r');
    await terminal.untilText('answer-42');
    terminal.type('\x1c');
    const { rows } = await terminal.untilText(SANE);
    const at = rows.indexOf('[detached from work]');
    expect(rows[at - 1]).toMatch(PROMPT);
    expect(rows[at + 1]).toBe('[status 0]');
    expect(await listed(triterm, 'work')).toMatchObject({ state: 'running', clients: 0 });
  });

  it('sends the detach key on when it is pressed twice', async () => {
    await using triterm = new Triterm();
    await using terminal = triterm.openShell('triterm attach --create work; echo "[status $?]"');
    await terminal.untilText(PROMPT);
    terminal.type('stty -isig -echo; echo ready-$((1 + 1)); cat -v\r');
    await terminal.untilText('ready-2');
    terminal.type('<\x1c\x1c>\r');
    await terminal.untilText('<^\\>');
    terminal.type('\x1c');
    await terminal.untilText('[status 0]');
  });

  it.each([
    ['exit 0', 0, '[work exited]'],
    ['exit 3', 3, '[work exited with status 3]'],
    ['kill -KILL $$', 137, '[work was ended by SIGKILL]'],
  ])('leaves with the status of a program that does `%s`', async (command, status, note) => {
    await using triterm = new Triterm();
    await using terminal = triterm.openShell(`triterm attach --create work; ${AFTER}`);
    await terminal.untilText(PROMPT);
    terminal.type(`echo last words; ${command}\r`);
    const { rows } = await terminal.untilText(SANE);
    const at = rows.indexOf(note);
    expect(rows[at + 1]).toBe(`[status ${status}]`);
    expect(rows[at - 1]).toBe('last words');
  });

  it.each(['detach', 'SIGTERM', 'SIGINT', 'exit'])('undoes all modes of the program on %s', async way => {
    await using triterm = new Triterm();
    await using terminal = triterm.openShell(`triterm attach --create work; ${AFTER}`);
    await terminal.untilText(PROMPT);
    const plain = terminal.screen.modes;
    terminal.type(`printf '${MODES}'; read -r line; exit 5\r`);
    await terminal.until(screen => screen.alternate && screen.modes.mouseTrackingMode !== 'none');
    if (way === 'detach') terminal.type('\x1c');
    else if (way === 'exit') terminal.type('\r');
    else await signalClient(triterm, 'work', way as NodeJS.Signals);
    const screen = await terminal.untilText(SANE);
    expect(screen.alternate).toBe(false);
    expect(screen.modes).toEqual(plain);
    const status = { detach: 0, SIGTERM: 143, SIGINT: 130, exit: 5 }[way];
    expect(screen.text).toContain(`[status ${status}]`);
  });

  it('leaves the terminal as it was even when it crashes', async () => {
    await using triterm = new Triterm();
    await triterm.ok('new', '-d', '-n', 'work');
    const program = 'process.on("SIGUSR2", () => { throw new Error("crash"); })';
    const crash = `data:text/javascript,${encodeURIComponent(program)}`;
    await using terminal = triterm.openShell(
      `NODE_OPTIONS='--import=${crash}' triterm attach work; ${AFTER}`,
    );
    await terminal.untilText(PROMPT);
    const plain = terminal.screen.modes;
    terminal.type(`printf '${MODES}'; read -r line\r`);
    await terminal.until(screen => screen.alternate && screen.modes.mouseTrackingMode !== 'none');
    await signalClient(triterm, 'work', 'SIGUSR2');
    const screen = await terminal.untilText(SANE);
    expect(screen.alternate).toBe(false);
    expect(screen.modes).toEqual(plain);
    expect(await listed(triterm, 'work')).toMatchObject({ state: 'running' });
  });

  it('leaves quietly when the terminal is closed, and the session goes on', async () => {
    await using triterm = new Triterm();
    const terminal = triterm.open(['attach', '--create', 'work']);
    try {
      await terminal.untilText(PROMPT);
      const { pid } = terminal;
      terminal.hangUp();
      await until(() => !isAlive(pid), 'the end of the client');
      await until(async () => (await listed(triterm, 'work'))?.clients === 0, 'the end of the attachment');
      expect(await listed(triterm, 'work')).toMatchObject({ state: 'running' });
    } finally {
      await terminal[Symbol.asyncDispose]();
    }
  });

  it('stops and goes on like any program of the shell', async () => {
    await using triterm = new Triterm();
    await using terminal = triterm.openShell(
      'set -m; triterm attach --create work; echo "[stopped $?]"; stty -a | grep -o "icanon"; read -r line; fg; echo "[status $?]"',
    );
    await terminal.untilText(PROMPT);
    terminal.type('echo inside-$((1 + 1))\r');
    await terminal.untilText('inside-2');
    await signalClient(triterm, 'work', 'SIGTSTP');
    await terminal.untilText(/\[stopped 1\d\d\]\s+icanon/);
    terminal.type('\r');
    await terminal.until(screen => screen.text.includes('inside-2') && !screen.text.includes('[stopped'));
    terminal.type('echo again-$((2 + 2))\r');
    await terminal.untilText('again-4');
    terminal.type('\x1c');
    await terminal.untilText('[status 0]');
  });

  it('holds nobody up while it is stopped without a word, and shows what there is when it goes on', async () => {
    await using triterm = new Triterm();
    await using terminal = triterm.open(['attach', '--create', 'work']);
    await terminal.untilText(PROMPT);
    await signalClient(triterm, 'work', 'SIGSTOP');
    await triterm.ok('send', 'work', '--enter', 'seq 1 1000000; echo fin-$((1 + 1))');
    await triterm.ok('wait', 'work', '--text', 'fin-2', '--timeout', '60');
    terminal.signal('SIGCONT');
    await terminal.untilText('fin-2');
    terminal.type('echo on-$((1 + 1))\r');
    await terminal.untilText('on-2');
  });

  it('says that the daemon was stopped on purpose', async () => {
    await using triterm = new Triterm();
    await using terminal = triterm.openShell(`triterm attach --create work; ${AFTER}`);
    await terminal.untilText(PROMPT);
    await triterm.ok('daemon', 'stop');
    const { text } = await terminal.untilText(SANE);
    expect(text).toContain('tritermd was stopped');
    expect(text).toContain('[status 6]');
  });

  it('is sent away by `sessions detach` and by a client that wants the session alone', async () => {
    await using triterm = new Triterm();
    await using first = triterm.openShell('triterm attach --create work; echo "[status $?]"');
    await first.untilText(PROMPT);
    await using second = triterm.openShell('triterm attach -d work; echo "[status $?]"');
    await first.untilText('[detached from work, another client wants it alone]\n[status 0]');
    await second.untilText(PROMPT);
    await triterm.ok('sessions', 'detach', 'work');
    await second.untilText('[detached from work by request]\n[status 0]');
  });
});

async function signalClient(triterm: Triterm, name: string, signal: NodeJS.Signals): Promise<void> {
  const { clients } = await triterm.json<{ clients: { pid: number }[] }>('sessions', 'show', name);
  const [client] = clients;
  if (client === undefined) throw new Error('nobody is attached');
  process.kill(client.pid, signal);
}
