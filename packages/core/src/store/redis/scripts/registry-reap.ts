import type { RedisScript } from '../redis-link.ts';
import { REGISTRY_TERMINAL } from './registry-terminal.ts';

export const REGISTRY_REAP: RedisScript = {
  name: 'registry-reap',
  source: `
-- Removes a server's sockets of earlier incarnations from one terminal.
--
-- KEYS[1] sockets of the terminal
-- KEYS[2] their details
-- KEYS[3] the terminal's primary
-- ARGV[1] server
-- ARGV[2] incarnation: those below it go; '': all
-- Returns how many.
-- Publishes nothing.
local sockets, details, primary = KEYS[1], KEYS[2], KEYS[3]
${REGISTRY_TERMINAL}
local below, removed = tonumber(ARGV[2]), 0
for _, member in ipairs(redis.call('ZRANGE', sockets, 0, -1)) do
  local server, incarnation = string.match(member, '^(.*) (%d+) [^ ]+$')
  if server == ARGV[1] and (not below or tonumber(incarnation) < below) then
    forget(member)
    removed = removed + 1
  end
end
return removed
`,
};
