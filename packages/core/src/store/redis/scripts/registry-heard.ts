import type { RedisScript } from '../redis-link.ts';
import { REGISTRY_TERMINAL } from './registry-terminal.ts';

export const REGISTRY_HEARD: RedisScript = {
  name: 'registry-heard',
  source: `
-- Whether a socket is on a terminal, and notes on demand that its client was heard.
--
-- KEYS[1] sockets of the terminal
-- KEYS[2] their details
-- KEYS[3] the terminal's primary
-- ARGV[1] id of the socket
-- ARGV[2] 1: it was heard now; 0: only look
-- Returns its member when it is a live one, else ''.
-- Publishes nothing.
local sockets, details, primary = KEYS[1], KEYS[2], KEYS[3]
${REGISTRY_TERMINAL}
local now = now_ms()
local member = member_of(ARGV[1])
if not (member and is_live(member, now)) then return '' end
if ARGV[2] == '1' then redis.call('HSET', details, '@' .. ARGV[1], string.format('%d', now)) end
return member
`,
};
