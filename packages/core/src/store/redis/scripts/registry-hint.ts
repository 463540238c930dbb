import type { RedisScript } from '../redis-link.ts';

export const REGISTRY_HINT: RedisScript = {
  name: 'registry-hint',
  source: `
-- Notes terminals where a user or a socket may be found; what was not noted again for a lease is dropped.
--
-- KEYS[1] sorted set of terminals by the end of the hint, ms of Redis's TIME
-- ARGV[1] lease, ms
-- ARGV[2…] ids of terminals
-- Returns 1.
-- Publishes nothing.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lease = tonumber(ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%d', now))
for at = 2, #ARGV do redis.call('ZADD', KEYS[1], now + lease, ARGV[at]) end
if redis.call('PTTL', KEYS[1]) < lease then redis.call('PEXPIRE', KEYS[1], lease) end
return 1
`,
};
