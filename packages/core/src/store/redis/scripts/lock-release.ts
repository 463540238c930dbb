import type { RedisScript } from '../redis-link.ts';
import { LOCK_QUEUE } from './lock-queue.ts';

export const LOCK_RELEASE: RedisScript = {
  name: 'lock-release',
  source: `
-- Gives a lock back, or leaves its queue: whatever the token has there is gone afterwards. Another token's lock is not touched.
-- A lock that others wait for is reserved for the first of them.
--
-- KEYS[1] lock
-- KEYS[2] queue
-- KEYS[3] leases
-- ARGV[1] token
-- ARGV[2] channel on which this waiter would have been woken
-- ARGV[3] lease of a reservation, ms
-- Returns 1 when the lock was ours, else 0.
-- Publishes, when nobody holds the lock now, the token of the first live waiter on that waiter's channel.
local mark = '{"token":"' .. ARGV[1] .. '"'
local held = redis.call('GET', KEYS[1])
local released = 0
if held and string.sub(held, 1, #mark) == mark then
  redis.call('DEL', KEYS[1])
  released = 1
  held = false
end
if redis.call('EXISTS', KEYS[2]) == 0 then return released end

local lock, queue, leases = KEYS[1], KEYS[2], KEYS[3]
${LOCK_QUEUE}
local me = ARGV[1] .. ' ' .. ARGV[2]
redis.call('ZREM', queue, me)
redis.call('ZREM', leases, me)
if not held or is_reserved(held) then
  local now = now_ms()
  local first = first_waiter(now)
  if first then
    reserve(now, ARGV[3])
    local space = string.find(first, ' ', 1, true)
    redis.call('PUBLISH', string.sub(first, space + 1), string.sub(first, 1, space - 1))
  elseif held then
    -- It was reserved for the one that has just left.
    redis.call('DEL', lock)
  end
end
return released
`,
};
