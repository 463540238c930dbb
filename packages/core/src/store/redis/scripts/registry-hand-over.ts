import type { RedisScript } from '../redis-link.ts';
import { REGISTRY_TERMINAL } from './registry-terminal.ts';

export const REGISTRY_HAND_OVER: RedisScript = {
  name: 'registry-hand-over',
  source: `
-- Makes a socket the primary of its terminal.
--
-- KEYS[1] sockets of the terminal
-- KEYS[2] their details
-- KEYS[3] the terminal's primary
-- ARGV[1] id of the socket
-- ARGV[2] lease, ms
-- ARGV[3] 1: only if the primary is the one of ARGV[4]; 0: whoever it is
-- ARGV[4] id of a socket; '': nobody
-- Returns 1 when it is primary now, 0 when it is no live member, or the primary another one.
-- Publishes nothing.
local sockets, details, primary = KEYS[1], KEYS[2], KEYS[3]
${REGISTRY_TERMINAL}
local now = now_ms()
local member = member_of(ARGV[1])
if not (member and is_live(member, now)) then return 0 end
local current = live_primary(now)
if ARGV[3] == '1' and (current and socket_of(current) or '') ~= ARGV[4] then return 0 end
redis.call('SET', primary, member, 'PX', ARGV[2])
return 1
`,
};
