import { createInterface } from 'node:readline';
import { openSqliteDatabase } from '@triterm/core/store/sqlite';
import { RedisSocketRegistry } from '../../../src/store/redis/redis-socket-registry.ts';
import { HybridRegistry } from '../../../src/store/registry/hybrid-registry.ts';
import { Reaper } from '../../../src/store/registry/reaper.ts';
import { connectedLink } from '../lock-redis-harness.ts';
import { exampleSocket } from '../registry-contract.ts';
import { sqliteOptions } from '../sqlite-harness.ts';

/**
 * Server argv[4] on the Redis at port argv[2] and the database in argv[3], with leases of argv[5] ms. Says `ready`, and then adds
 * and removes sockets on five terminals and takes primaries at random until a line comes in; then it says the sockets that it
 * has as `terminal socket` lines, `primary terminal socket` for each primary that it sees, and `calm`, and stays.
 */
const [, , port, file = '', serverId = '', lease] = process.argv;
const leaseMs = Number(lease);
const TERMINALS = ['t0', 't1', 't2', 't3', 't4'];
const say = (line: string) => process.stdout.write(`${line}\n`);
const pick = <T>(of: readonly T[]): T | undefined => of[Math.floor(Math.random() * of.length)];

const { database } = await openSqliteDatabase(sqliteOptions(file));
const identity = { id: serverId, hostId: 'host', bootId: 'boot-1', stateDir: serverId, advertiseUrl: null };
const { incarnation } = await database.registerServer(identity, leaseMs);
setInterval(() => void database.renewServer(serverId, incarnation, leaseMs).catch(() => false), leaseMs / 3);
const link = await connectedLink(Number(port));
const redis = new RedisSocketRegistry({ link, serverId, leaseMs });
const registry = new HybridRegistry({
  serverId,
  redis,
  table: database,
  isUp: () => true,
  renewEveryMs: leaseMs / 3,
});
new Reaper({ serverId, servers: database, table: database, redis, isUp: () => true, everyMs: 500 });

const sockets = new Map<string, { terminalId: string; socketId: string }>();
let storming = true;
createInterface({ input: process.stdin }).on('line', () => {
  storming = false;
});
say('ready');
for (let turn = 0; storming; turn += 1) {
  const terminalId = pick(TERMINALS) ?? 't0';
  const socketId = `${serverId}-${turn}`;
  const row = exampleSocket(socketId, terminalId, { serverId, incarnation, deviceId: socketId });
  await registry.addSocket(row);
  sockets.set(socketId, row);
  if (Math.random() < 0.3) await registry.setPrimarySocket(terminalId, socketId);
  const leaving = pick([...sockets.values()]);
  if (leaving !== undefined && sockets.size > 10) {
    await registry.removeSocket(leaving.terminalId, leaving.socketId);
    sockets.delete(leaving.socketId);
  }
  await new Promise(resolve => setImmediate(resolve));
}
for (const { terminalId, socketId } of sockets.values()) say(`${terminalId} ${socketId}`);
for (const terminalId of TERMINALS)
  say(`primary ${terminalId} ${(await registry.getPrimarySocket(terminalId)) ?? 'none'}`);
say('calm');
