/**
 * Part of the registry scripts, after `sockets`, `details` and `primary` were set. `sockets` is a sorted set of members
 * `server incarnation socket`, scored by the end of their lease in milliseconds of Redis's TIME. `details` is a hash: a socket's id
 * leads to JSON with its `member`, `@` and the id to when it was last heard. `primary` is a member.
 */
export const REGISTRY_TERMINAL = `
local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function socket_of(member)
  return string.match(member, '[^ ]+$')
end

local function is_live(member, now)
  local lease = redis.call('ZSCORE', sockets, member)
  return lease and tonumber(lease) > now
end

-- The member under which a socket stands, false when it has none.
local function member_of(socket)
  local known = redis.call('HGET', details, socket)
  return known and cjson.decode(known).member
end

-- The primary if it is a live member, else false.
local function live_primary(now)
  local member = redis.call('GET', primary)
  return member and is_live(member, now) and member
end

local function forget(member)
  local socket = socket_of(member)
  redis.call('ZREM', sockets, member)
  if member_of(socket) == member then redis.call('HDEL', details, socket, '@' .. socket) end
  if redis.call('GET', primary) == member then redis.call('DEL', primary) end
end

-- Some of those whose lease has ended; the next call goes on.
local function forget_lapsed(now)
  local lapsed = redis.call('ZRANGEBYSCORE', sockets, '-inf', string.format('%d', now), 'LIMIT', 0, 100)
  for _, member in ipairs(lapsed) do forget(member) end
end

local function keep(key, lease)
  if redis.call('PTTL', key) < lease then redis.call('PEXPIRE', key, lease) end
end
`;
