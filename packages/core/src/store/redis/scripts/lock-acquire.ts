import type { RedisScript } from '../redis-link.ts';
import { LOCK_QUEUE } from './lock-queue.ts';

export const LOCK_ACQUIRE: RedisScript = {
  name: 'lock-acquire',
  source: `
-- Takes a lock that is free and that no live waiter before us is to have; else waits in its queue, or stays there.
-- Asking again with the same token is harmless: a holder's lease and a waiter's lease begin anew.
--
-- KEYS[1] lock: JSON {token, server, acquiredAt}, the token first; '' while it is reserved for the first waiter; expires by itself
-- KEYS[2] queue: sorted set of waiters by arrival
-- KEYS[3] leases: sorted set of waiters by the end of their lease
-- ARGV[1] token
-- ARGV[2] server, as an operator reads it, as JSON
-- ARGV[3] TTL of the lock, ms
-- ARGV[4] lease of a waiter, and of a reservation, ms
-- ARGV[5] channel on which this waiter is woken; '': do not wait
-- Returns Redis's time in ms since 1970 when the lock is ours, else its value as text, '' when it had none.
-- Publishes nothing.
local lock, queue, leases = KEYS[1], KEYS[2], KEYS[3]
${LOCK_QUEUE}
local mark = '{"token":"' .. ARGV[1] .. '"'
local me = ARGV[1] .. ' ' .. ARGV[5]
local waiter_lease = tonumber(ARGV[4])
local now = now_ms()

local held = redis.call('GET', lock)
if held and string.sub(held, 1, #mark) == mark then
  redis.call('PEXPIRE', lock, ARGV[3])
  return now
end
if not held or is_reserved(held) then
  local first = first_waiter(now)
  if not first or first == me then
    local value = mark .. ',"server":' .. ARGV[2] .. ',"acquiredAt":' .. string.format('%d', now) .. '}'
    redis.call('SET', lock, value, 'PX', ARGV[3])
    redis.call('ZREM', queue, me)
    redis.call('ZREM', leases, me)
    return now
  end
  if not held then reserve(now, waiter_lease) end
end
if ARGV[5] ~= '' then
  if not redis.call('ZSCORE', queue, me) then
    local last = redis.call('ZRANGE', queue, -1, -1, 'WITHSCORES')[2]
    redis.call('ZADD', queue, tonumber(last or 0) + 1, me)
  end
  redis.call('ZADD', leases, now + waiter_lease, me)
  for _, key in ipairs({queue, leases}) do
    if redis.call('PTTL', key) < waiter_lease then redis.call('PEXPIRE', key, waiter_lease) end
  end
end
return held or ''
`,
};
