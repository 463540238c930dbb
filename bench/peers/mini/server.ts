/** server.ts SOCKET PROGRAM…: puts itself in the background and serves one program to any number of clients. */
import { spawn } from 'node:child_process';
import { createServer, type Socket } from 'node:net';
import { spawn as spawnInPty } from 'node-pty';

const [socketPath = '', file = '', ...args] = process.argv.slice(2);

if (process.send === undefined) {
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  // It says when clients can come.
  child.once('message', () => process.exit(0));
  child.once('exit', () => process.exit(1));
} else {
  serve(() => process.send?.('ready'));
}

function serve(ready: () => void): void {
  const clients = new Set<Socket>();
  const pty = spawnInPty(file, args, { cols: 120, rows: 40, encoding: null });
  // With `encoding: null` it hands out bytes, which its types do not say.
  pty.onData(data => {
    for (const client of clients) client.write(data);
  });
  pty.onExit(() => process.exit(0));
  const server = createServer(client => {
    clients.add(client);
    client.on('data', keys => pty.write(keys));
    client.on('error', () => client.destroy());
    client.on('close', () => clients.delete(client));
  });
  server.listen(socketPath, () => {
    ready();
    process.disconnect();
  });
}
