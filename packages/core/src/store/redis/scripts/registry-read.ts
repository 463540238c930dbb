import type { RedisScript } from '../redis-link.ts';
import { REGISTRY_TERMINAL } from './registry-terminal.ts';

export const REGISTRY_READ: RedisScript = {
  name: 'registry-read',
  source: `
-- The live sockets of one terminal.
--
-- KEYS[1] sockets of the terminal
-- KEYS[2] their details
-- KEYS[3] the terminal's primary
-- Returns {the primary's member or '', then of each socket: id, details, when it was last heard}.
-- Publishes nothing.
local sockets, details, primary = KEYS[1], KEYS[2], KEYS[3]
${REGISTRY_TERMINAL}
local now = now_ms()
local answer = {live_primary(now) or ''}
for _, member in ipairs(redis.call('ZRANGEBYSCORE', sockets, '(' .. string.format('%d', now), '+inf')) do
  local socket = socket_of(member)
  local known = redis.call('HMGET', details, socket, '@' .. socket)
  if known[1] and known[2] then
    answer[#answer + 1] = socket
    answer[#answer + 1] = known[1]
    answer[#answer + 1] = known[2]
  end
end
return answer
`,
};
