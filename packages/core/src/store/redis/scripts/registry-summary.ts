import type { RedisScript } from '../redis-link.ts';
import { REGISTRY_TERMINAL } from './registry-terminal.ts';

export const REGISTRY_SUMMARY: RedisScript = {
  name: 'registry-summary',
  source: `
-- What is asked most of a terminal, at a cost that does not depend on the number of its sockets.
--
-- KEYS[1] sockets of the terminal
-- KEYS[2] their details
-- KEYS[3] the terminal's primary
-- Returns {the primary's member or '', live sockets}.
-- Publishes nothing.
local sockets, details, primary = KEYS[1], KEYS[2], KEYS[3]
${REGISTRY_TERMINAL}
local now = now_ms()
return {live_primary(now) or '', redis.call('ZCOUNT', sockets, '(' .. string.format('%d', now), '+inf')}
`,
};
