/**
 * Lua that the session scripts share: what becomes of a value of this epoch and version, by what stands there. `absent`: nothing of
 * this epoch. An entry begins as `encodeEntry` writes it; what does not is not ours, and counts as absent.
 */
export const SESSION_ENTRY = `
-- What somebody has put there by hand, and is no text, goes.
local function standing(key)
  local value = redis.pcall('GET', key)
  if type(value) ~= 'table' then return value end
  redis.call('DEL', key)
  return false
end

local function compare(value, db, cache, version)
  if not value then return 'absent' end
  local entry_version, entry_db, entry_cache = string.match(value, '^{"version":(%d+),"epoch":"([^"]*)%.(%d+)"')
  if not entry_version or entry_db ~= db then return 'absent' end
  entry_cache = tonumber(entry_cache)
  if entry_cache > cache then return 'epoch' end
  if entry_cache < cache then return 'absent' end
  if tonumber(entry_version) >= version then return 'older' end
  return 'stored'
end
`;
