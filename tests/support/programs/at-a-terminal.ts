/** at-a-terminal.ts FILE ARGS…: an attaching command in a person's terminal, who looks at it, leaves by the detach key, and tells what was seen. */
import { spawnSync } from 'node:child_process';
import { PtyTerminal } from '@triterm/core/testing/pty-terminal';

const DETACH = '\x1c';

const [file = '', ...args] = process.argv.slice(2);
await using terminal = new PtyTerminal({ file, args, env: process.env, cwd: process.cwd() });
let seen: string;
try {
  ({ text: seen } = await terminal.until(({ text }) => text !== '' && takesEveryKey(terminal.pid)));
  terminal.type(DETACH);
} catch (thrown) {
  seen = String(thrown);
}
const { exitCode, signal } = await terminal.exited;
process.stdout.write(`${seen}\n${terminal.screen.text}\n`);
process.exitCode = signal === 0 ? exitCode : 128 + signal;

/** Whether the terminal of a process hands on every key, as it does once a client is attached; before that the detach key would be a signal. */
function takesEveryKey(pid: number): boolean {
  const { stdout } = spawnSync('stty', ['-F', `/proc/${pid}/fd/0`, '-a'], { encoding: 'utf8' });
  return stdout.includes('-isig');
}
