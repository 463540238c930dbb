import { startPostgres } from '../../../src/sandbox/postgres-server.ts';

/** Starts a server, stops all its processes by SIGSTOP, prints its directory and waits to be killed. */
const server = await startPostgres();
await server.signal('SIGSTOP');
process.stdout.write(`${server.dir}\n`);
process.stdin.resume();
