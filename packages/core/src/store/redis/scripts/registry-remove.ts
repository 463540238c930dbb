import type { RedisScript } from '../redis-link.ts';
import { REGISTRY_TERMINAL } from './registry-terminal.ts';

export const REGISTRY_REMOVE: RedisScript = {
  name: 'registry-remove',
  source: `
-- Removes sockets from one terminal. If one of them was primary, nobody is.
--
-- KEYS[1] sockets of the terminal
-- KEYS[2] their details
-- KEYS[3] the terminal's primary
-- ARGV    ids of sockets
-- Returns those that were there, alive.
-- Publishes nothing.
local sockets, details, primary = KEYS[1], KEYS[2], KEYS[3]
${REGISTRY_TERMINAL}
local now, removed = now_ms(), {}
for _, socket in ipairs(ARGV) do
  local member = member_of(socket)
  if member then
    if is_live(member, now) then removed[#removed + 1] = socket end
    forget(member)
  end
end
forget_lapsed(now)
return removed
`,
};
