import type { RedisScript } from '../redis-link.ts';

export const LOCK_RENEW: RedisScript = {
  name: 'lock-renew',
  source: `
-- Begins the TTL of a lock anew, if it is still this token's.
--
-- KEYS[1] lock
-- ARGV[1] token
-- ARGV[2] TTL, ms
-- Returns 1 when it was ours, else 0: it is lost.
-- Publishes nothing.
local mark = '{"token":"' .. ARGV[1] .. '"'
local held = redis.call('GET', KEYS[1])
if held and string.sub(held, 1, #mark) == mark then
  return redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 0
`,
};
