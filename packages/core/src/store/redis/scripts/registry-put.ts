import type { RedisScript } from '../redis-link.ts';
import { REGISTRY_TERMINAL } from './registry-terminal.ts';

export const REGISTRY_PUT: RedisScript = {
  name: 'registry-put',
  source: `
-- Registers sockets of one terminal, or begins their leases anew. A socket that stands under an earlier incarnation of its server
-- moves to the later one, the primary with it; one under a later incarnation stays.
--
-- KEYS[1] sockets of the terminal
-- KEYS[2] their details
-- KEYS[3] the terminal's primary
-- ARGV[1] lease, ms
-- ARGV[2] what to do with the primary: keep; absent: set it unless there is one; force: set it
-- ARGV[3] socket that is to be primary, or ''
-- ARGV[4…] of each socket: id, member, details, when it was last heard (ms since 1970)
-- Returns the primary's socket, or ''.
-- Publishes nothing.
local sockets, details, primary = KEYS[1], KEYS[2], KEYS[3]
${REGISTRY_TERMINAL}
local lease, now = tonumber(ARGV[1]), now_ms()
forget_lapsed(now)

local function is_later(known, member)
  local server, incarnation = string.match(known, '^(.*) (%d+) [^ ]+$')
  local other, given = string.match(member, '^(.*) (%d+) [^ ]+$')
  return server == other and tonumber(incarnation) > tonumber(given)
end

for at = 4, #ARGV, 4 do
  local socket, member, text, heard = ARGV[at], ARGV[at + 1], ARGV[at + 2], tonumber(ARGV[at + 3])
  local before = member_of(socket)
  if not (before and is_later(before, member)) then
    if before and before ~= member then
      if redis.call('GET', primary) == before then redis.call('SET', primary, member) end
      redis.call('ZREM', sockets, before)
    end
    redis.call('ZADD', sockets, now + lease, member)
    redis.call('HSET', details, socket, text)
    if heard > tonumber(redis.call('HGET', details, '@' .. socket) or 0) then
      redis.call('HSET', details, '@' .. socket, string.format('%d', heard))
    end
  end
end

local current = live_primary(now)
if ARGV[2] == 'force' or (ARGV[2] == 'absent' and not current) then
  local wanted = member_of(ARGV[3])
  if wanted and is_live(wanted, now) then
    redis.call('SET', primary, wanted)
    current = wanted
  end
end
keep(sockets, lease)
keep(details, lease)
keep(primary, lease)
return current and socket_of(current) or ''
`,
};
