import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { PtyTerminal } from '@triterm/core/testing/pty-terminal';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DAEMON, DaemonProcess, descriptors } from '../support/daemon-process.ts';
import { Viewer } from '../support/echo.ts';
import { Triterm, until } from '../support/triterm.ts';

/** ^S and ^Q: termios(3), IXON. */
const STOP_OUTPUT = '\x13';
const GO_ON = '\x11';

describe("a daemon's log", () => {
  let daemon: DaemonProcess;
  beforeEach(() => {
    daemon = new DaemonProcess();
  });
  afterEach(() => daemon.dispose());

  it('holds at its most nothing that was typed, printed or is secret', async () => {
    writeFileSync(daemon.paths.configFile, JSON.stringify({ logLevel: 'trace' }));
    await using journal = new JournalledDaemon(daemon);
    await journal.until(/^<6>serving \{"pid"/m);
    const [typed, printed, secret] = ['typed-marker', 'printed-marker', 'hunter2-hunter2'];
    const environment = { PATH: process.env.PATH ?? '', PASSWORD: secret };
    await daemon.session('work', ['sh', '-c', 'echo printed-$MARKER; exec cat'], {
      environment: { ...environment, MARKER: 'marker' },
    });
    const viewer = await Viewer.attach(await daemon.client(), 'work');
    await viewer.echoes(typed);
    expect(viewer.text).toContain(printed);
    const { token } = await daemon.request('token.create', {});
    await daemon.request('session.capture', { target: 'work', format: 'ansi' });
    const search = { target: 'work', pattern: typed };
    expect((await daemon.request('session.search', search)).matches).toHaveLength(2);
    await daemon.request('session.send', {
      target: 'work',
      data: Buffer.from(`${typed}\n`).toString('base64'),
      idempotencyKey: '0'.repeat(32),
    });
    await daemon.request('session.kill', { target: 'work' });
    await daemon.exited('work');
    await journal.until(/^<7>request \{"method":"session.kill"/m);
    const log = daemon.log() + journal.text;
    for (const hidden of [typed, Buffer.from(typed).toString('base64'), printed, secret, token])
      expect(log).not.toContain(hidden);
  });

  it('is text at a terminal, JSON in its file all the same, and waits for no terminal that was stopped', async () => {
    const [file = '', ...args] = [process.execPath, ...DAEMON];
    const env = { ...daemon.env, TERM: 'xterm', TRITERM_LOG_LEVEL: 'debug' };
    await using terminal = new PtyTerminal({ file, args, env, cols: 300, keep: true });
    await terminal.untilText(/^\d{4}-\d\d-\d\dT[\d:.]+Z info {2}serving pid=\d+ /m);
    expect(terminal.written.toString()).toContain('\x1b[32minfo \x1b[39m serving');
    terminal.type(STOP_OUTPUT);
    for (let i = 0; i < 20; i += 1) await daemon.request('ping', {}, 2000);
    terminal.type(GO_ON);
    await until(async () => {
      await daemon.request('daemon.log', {});
      return terminal.screen.text.includes('method=daemon.log');
    }, 'lines at the terminal again');
    process.kill(terminal.pid, 'SIGTERM');
    expect(await terminal.exited).toEqual({ exitCode: 0, signal: 0 });
    const records = daemon
      .log()
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line));
    expect(records.filter(({ method }) => method === 'ping')).toHaveLength(20);
  });

  it('has priorities for the journal, and stays in its file too', async () => {
    await using journal = new JournalledDaemon(daemon);
    await journal.until(/^<6>serving \{"pid":\d+,/m);
    writeFileSync(daemon.paths.configFile, '{"logLevel": "loud"}');
    process.kill(journal.pid, 'SIGHUP');
    await journal.until(/^<3>the configuration could not be taken up; nothing has changed \{"code":/m);
    expect(journal.text).not.toContain('\x1b');
    for (const line of journal.text.trimEnd().split('\n')) expect(line).toMatch(/^<[2-7]>\S/);
    expect(daemon.log()).toContain('"msg":"serving"');
  });

  it('gives the reason to the journal when it does not start', async () => {
    writeFileSync(daemon.paths.configFile, '{"logLevel": "loud"}');
    await using journal = new JournalledDaemon(daemon);
    await journal.until(/^<2>.*config\.json: logLevel: .*"code":"BAD_CONFIG"/m);
  });

  it('has each line once where its file is stderr', async () => {
    await using triterm = new Triterm();
    await triterm.ok('daemon', 'start');
    const lines = (await triterm.ok('daemon', 'logs')).split('\n');
    expect(lines.filter(line => line.includes(' serving pid='))).toHaveLength(1);
  });

  it('and nothing else is opened by SIGUSR1: no debugger, in the daemon or its hosts', async () => {
    await daemon.start();
    await daemon.session('work', ['cat']);
    const viewer = await Viewer.attach(await daemon.client(), 'work');
    const pids = [daemon.pid, ...daemon.hostPids()];
    expect(pids).toHaveLength(2);
    for (const pid of pids) process.kill(pid, 'SIGUSR1');
    // Through both of them, behind the signal.
    await viewer.echoes('still here');
    for (const pid of pids) expect(listensOnTcp(pid)).toBe(false);
  });
});

/** tritermd with a stream socket as stderr that JOURNAL_STREAM names, as systemd starts it. */
class JournalledDaemon implements AsyncDisposable {
  readonly #child;
  text = '';

  constructor({ env }: DaemonProcess) {
    const start = 'JOURNAL_STREAM=$(stat -L -c %d:%i /dev/fd/2) exec "$@"';
    this.#child = spawn('sh', ['-c', start, 'sh', process.execPath, ...DAEMON], {
      env,
      cwd: '/',
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.text += text;
    });
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error('it was not started');
    return pid;
  }

  async until(wanted: RegExp): Promise<void> {
    const signal = AbortSignal.timeout(15_000);
    while (!wanted.test(this.text)) await once(this.#child.stderr, 'data', { signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit', { signal: AbortSignal.timeout(10_000) });
  }
}

/** Whether a process has a TCP socket that listens, by proc_net(5). */
function listensOnTcp(pid: number): boolean {
  const rows = ['tcp', 'tcp6'].flatMap(name => readFileSync(`/proc/net/${name}`, 'utf8').split('\n'));
  const listening = rows.map(row => row.trim().split(/\s+/)).filter(([, , , state]) => state === '0A');
  const inodes = new Set(listening.map(fields => `socket:[${fields[9]}]`));
  return descriptors(pid).some(target => inodes.has(target));
}
