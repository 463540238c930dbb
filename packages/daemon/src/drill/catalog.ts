import type { Drill } from './drill.ts';
import { CLOCK_SKEW } from './drills/clock-skew.ts';
import { CONCURRENT_RESIZE } from './drills/concurrent-resize.ts';
import { DB_DOWN } from './drills/db-down.ts';
import { DELETE_WHILE_READING } from './drills/delete-while-reading.ts';
import { LOCK_EXPIRY } from './drills/lock-expiry.ts';
import { PARTIAL_WRITE } from './drills/partial-write.ts';
import { PTY_HOST_RECONNECT } from './drills/pty-host-reconnect.ts';
import { REDIS_DOWN } from './drills/redis-down.ts';
import { REDIS_EVICT } from './drills/redis-evict.ts';
import { REDIS_FAILOVER } from './drills/redis-failover.ts';
import { REDIS_FLUSH } from './drills/redis-flush.ts';
import { REDIS_HANG } from './drills/redis-hang.ts';
import { REDIS_SLOW } from './drills/redis-slow.ts';
import { SERVER_CRASH } from './drills/server-crash.ts';
import { SLOW_CLIENT } from './drills/slow-client.ts';
import { SOCKET_STORM } from './drills/socket-storm.ts';
import { SPLIT_BRAIN } from './drills/split-brain.ts';
import { STALE_FILL } from './drills/stale-fill.ts';

/** Every drill, in the order in which they are listed and run. */
export const DRILLS: readonly Drill[] = [
  REDIS_DOWN,
  REDIS_HANG,
  REDIS_SLOW,
  REDIS_FLUSH,
  REDIS_FAILOVER,
  REDIS_EVICT,
  DB_DOWN,
  STALE_FILL,
  PARTIAL_WRITE,
  CONCURRENT_RESIZE,
  LOCK_EXPIRY,
  DELETE_WHILE_READING,
  SOCKET_STORM,
  SERVER_CRASH,
  PTY_HOST_RECONNECT,
  SPLIT_BRAIN,
  CLOCK_SKEW,
  SLOW_CLIENT,
];
