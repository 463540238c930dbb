import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';

/**
 * One end of a connection on port 7000. `listen ADDRESS` answers everything with the same; `connect ADDRESS` says each line of its
 * input there, and on its output `answered LINE`, or `silence` after a second. Both say `ready`, and `closed` when one has closed.
 */
const PORT = 7000;
const PATIENCE_MS = 1000;
const [role = '', address = ''] = process.argv.slice(2);
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

if (role === 'listen')
  createServer(socket => {
    socket.on('error', () => {}).on('close', () => say('closed'));
    socket.pipe(socket);
  }).listen(PORT, address, () => say('ready'));
else {
  const socket = connect(PORT, address, () => say('ready'));
  socket.on('error', () => {}).on('close', () => say('closed'));
  let waiting: { readonly line: string; readonly timer: NodeJS.Timeout } | undefined;
  createInterface({ input: socket }).on('line', line => {
    if (waiting?.line !== line) return;
    clearTimeout(waiting.timer);
    waiting = undefined;
    say(`answered ${line}`);
  });
  createInterface({ input: process.stdin }).on('line', line => {
    const timer = setTimeout(() => {
      waiting = undefined;
      say('silence');
    }, PATIENCE_MS);
    waiting = { line, timer };
    socket.write(`${line}\n`);
  });
}
