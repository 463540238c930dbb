import type { RedisScript } from '../redis-link.ts';
import { SESSION_ENTRY } from './session-entry.ts';

export const SESSION_PUT: RedisScript = {
  name: 'session-put',
  source: `
-- What a writer has committed: replaces an older entry of its epoch. Where there is none of it, the writer gets the leave to fill
-- instead, and others lose theirs: it may have slept over a newer write, and over the eviction of that.
--
-- KEYS[1] session: JSON, a row or a tombstone
-- KEYS[2] fill token
-- ARGV[1] value
-- ARGV[2] database epoch
-- ARGV[3] cache epoch
-- ARGV[4] version
-- ARGV[5] TTL, ms
-- ARGV[6] a new fill token
-- ARGV[7] TTL of the token, ms
-- ARGV[8] channel
-- ARGV[9] message
-- Returns 'stored', 'older' (what is there is as new or newer), 'epoch' (what is there is of a later epoch) or 'absent' (nothing
-- was stored, and the fill token is the new one).
-- Publishes the message.
${SESSION_ENTRY}
local found = compare(standing(KEYS[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]))
if found == 'absent' then
  redis.call('SET', KEYS[2], ARGV[6], 'PX', ARGV[7])
else
  -- Once a script has written, maxmemory stops it no more: an old value is replaced also then.
  redis.call('DEL', KEYS[2])
  if found == 'stored' then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[5]) end
end
redis.call('PUBLISH', ARGV[8], ARGV[9])
return found
`,
};
