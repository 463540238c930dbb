import { connect, createServer } from 'node:net';

/** Passes what comes to argv[2]:argv[3] on to the unix socket argv[4]; says `ready` when it listens. */
const [address = '', port = '', unixSocket = ''] = process.argv.slice(2);

const server = createServer({ noDelay: true, allowHalfOpen: true }, client => {
  const upstream = connect({ path: unixSocket, allowHalfOpen: true });
  for (const [from, to] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    from.on('error', () => to.destroy());
    from.pipe(to);
  }
});
server.listen(Number(port), address, () => process.stdout.write('ready\n'));
// Ends with whoever started it.
process.stdin.on('end', () => process.exit()).resume();
