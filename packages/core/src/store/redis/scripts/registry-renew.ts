import type { RedisScript } from '../redis-link.ts';

export const REGISTRY_RENEW: RedisScript = {
  name: 'registry-renew',
  source: `
-- Begins the leases of sockets of one terminal anew, as long as they stand there.
--
-- KEYS[1] sockets of the terminal
-- KEYS[2] their details
-- KEYS[3] the terminal's primary
-- ARGV[1] lease, ms
-- ARGV[2] '1' when somebody is to be primary there
-- ARGV[3…] members
-- Returns 1 when all of them stand there, 0 when something was lost and they are to be registered anew.
-- Publishes nothing.
local time = redis.call('TIME')
local lease = tonumber(ARGV[1])
local ends = time[1] * 1000 + math.floor(time[2] / 1000) + lease
local whole = redis.call('EXISTS', KEYS[2])
if ARGV[2] == '1' and redis.call('EXISTS', KEYS[3]) == 0 then whole = 0 end
for at = 3, #ARGV do
  if redis.call('ZSCORE', KEYS[1], ARGV[at]) then redis.call('ZADD', KEYS[1], ends, ARGV[at]) else whole = 0 end
end
for _, key in ipairs(KEYS) do
  if redis.call('PTTL', key) < lease then redis.call('PEXPIRE', key, lease) end
end
return whole
`,
};
