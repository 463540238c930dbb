import { RedisServer } from '../../../src/sandbox/redis-server.ts';

// Starts a server, says its port and directory, and never ends by itself.
const server = await RedisServer.start();
process.stdout.write(`${server.port}\n${server.dir}\n`);
