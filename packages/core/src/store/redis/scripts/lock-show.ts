import type { RedisScript } from '../redis-link.ts';

export const LOCK_SHOW: RedisScript = {
  name: 'lock-show',
  source: `
-- A lock as an operator looks at it.
--
-- KEYS[1] lock
-- KEYS[2] leases of its waiters
-- Returns {} when nobody holds it, else {value, TTL left in ms, now in ms since 1970, live waiters}.
-- Publishes nothing.
local held = redis.call('GET', KEYS[1])
if not held then return {} end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local waiters = redis.call('ZCOUNT', KEYS[2], '(' .. string.format('%d', now), '+inf')
return {held, redis.call('PTTL', KEYS[1]), now, waiters}
`,
};
