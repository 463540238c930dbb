import type { RedisScript } from '../redis-link.ts';

export const REGISTRY_MEMBERS: RedisScript = {
  name: 'registry-members',
  source: `
-- KEYS[1] sockets of a terminal
-- Returns its live members, 'server incarnation socket'.
-- Publishes nothing.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. string.format('%d', now), '+inf')
`,
};
