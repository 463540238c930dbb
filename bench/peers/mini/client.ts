/** client.ts SOCKET: joins the terminal and a session. */
import { connect } from 'node:net';

const [socketPath = ''] = process.argv.slice(2);

process.stdin.setRawMode(true);
const socket = connect(socketPath);
socket.on('data', bytes => {
  if (!process.stdout.write(bytes)) {
    socket.pause();
    process.stdout.once('drain', () => socket.resume());
  }
});
socket.on('close', () => process.exit(0));
process.stdin.on('data', keys => socket.write(keys));
