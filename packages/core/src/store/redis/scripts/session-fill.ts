import type { RedisScript } from '../redis-link.ts';
import { SESSION_ENTRY } from './session-entry.ts';

export const SESSION_FILL: RedisScript = {
  name: 'session-fill',
  source: `
-- What was read from the database: replaces an older entry of its epoch; where there is none of it, only with the token that was had
-- before the database was asked.
--
-- KEYS[1] session: JSON, a row or a tombstone
-- KEYS[2] fill token
-- ARGV[1] value
-- ARGV[2] database epoch
-- ARGV[3] cache epoch
-- ARGV[4] version
-- ARGV[5] TTL, ms
-- ARGV[6] token
-- Returns 'stored', 'older', 'epoch' (as session-put) or 'noToken' (a put came in between, or the token has lapsed).
-- Publishes nothing: the writer does.
${SESSION_ENTRY}
local found = compare(standing(KEYS[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]))
local has_token = redis.call('GET', KEYS[2]) == ARGV[6]
if has_token then redis.call('DEL', KEYS[2]) end
if found == 'older' or found == 'epoch' then return found end
if found == 'absent' and not has_token then return 'noToken' end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[5])
return 'stored'
`,
};
