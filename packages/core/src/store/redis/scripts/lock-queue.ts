/**
 * Part of the lock scripts, after `lock`, `queue` and `leases` were set. The queue is a sorted set by order of arrival; each
 * waiter's lease stands in another one, in milliseconds of Redis's TIME. A member is `token channel`.
 */
export const LOCK_QUEUE = `
local RESERVED = '{"token":""'

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Who is to have the lock next. Dead waiters before it are dropped; false when nobody waits.
local function first_waiter(now)
  while true do
    local head = redis.call('ZRANGE', queue, 0, 0)[1]
    if not head then return false end
    local lease = redis.call('ZSCORE', leases, head)
    if lease and tonumber(lease) > now then return head end
    redis.call('ZREM', queue, head)
    redis.call('ZREM', leases, head)
  end
end

local function is_reserved(held)
  return string.sub(held, 1, #RESERVED) == RESERVED
end

-- Nobody holds it, and it is not free either: who takes only a free lock may not overtake those who wait.
local function reserve(now, lease)
  local value = RESERVED .. ',"server":"","acquiredAt":' .. string.format('%d', now) .. '}'
  redis.call('SET', lock, value, 'PX', lease)
end
`;
