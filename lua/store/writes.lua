-- Writes that a step gathers, so that a call on fifty jobs sends one ZADD a set and not fifty.
-- Members are removed before members are added; what a step adds and then removes is not added.

local writes = {}

local function gather(step, command, key)
  local by_key = step.pending[command]
  if not by_key then
    by_key = {}
    step.pending[command] = by_key
  end
  local list = by_key[key]
  if not list then
    list = {}
    by_key[key] = list
  end
  return list
end

-- What a removal takes back, and where the member is in its pairs.
local TAKES_BACK = { ZREM = { command = "ZADD", at = 2 }, HDEL = { command = "HSET", at = 1 } }

local function take_back(step, addition, key, member)
  local by_key = step.pending[addition.command]
  local list = by_key and by_key[key]
  for position = list and #list - 1 or 0, 1, -2 do
    if list[position + addition.at - 1] == member then
      table.remove(list, position)
      table.remove(list, position)
    end
  end
  if list and #list == 0 then
    by_key[key] = nil
  end
end

-- The commands that take one member each: ZREM, SREM, HDEL, SADD, and UNLINK and DEL under "".
function writes.one(step, command, key, member)
  if TAKES_BACK[command] then
    take_back(step, TAKES_BACK[command], key, member)
  end
  local list = gather(step, command, key)
  list[#list + 1] = member
end

-- The commands that take pairs: ZADD (score, member), HSET (field, value), and MSET under "".
function writes.pair(step, command, key, first, second)
  local list = gather(step, command, key)
  local size = #list
  list[size + 1] = first
  list[size + 2] = second
end

-- Adds to a counter in a hash; `lifetime` milliseconds after its first field the hash expires.
function writes.count(step, key, field, amount, lifetime)
  local counters = step.counters
  if not counters then
    counters = {}
    step.counters = counters
  end
  local hash = counters[key]
  if not hash then
    hash = { lifetime = lifetime, fields = {} }
    counters[key] = hash
  end
  hash.fields[field] = (hash.fields[field] or 0) + amount
end

local function flush_counters(step)
  for key, hash in pairs(step.counters) do
    local fresh = false
    for field, amount in pairs(hash.fields) do
      -- A new field may mean a new hash; setting the lifetime again then costs little.
      if redis.call("HINCRBY", key, field, amount) == amount then
        fresh = true
      end
    end
    if fresh and hash.lifetime then
      redis.call("PEXPIRE", key, hash.lifetime)
    end
  end
  step.counters = nil
end

local ORDER = { "ZREM", "SREM", "HDEL", "ZADD", "SADD", "HSET" }

function writes.flush(step)
  local pending = step.pending
  if next(pending) then
    for position = 1, #ORDER do
      local command = ORDER[position]
      local by_key = pending[command]
      if by_key then
        for key, list in pairs(by_key) do
          redis.call(command, key, unpack(list))
        end
      end
    end
    if pending.MSET then
      redis.call("MSET", unpack(pending.MSET[""]))
    end
    if pending.UNLINK then
      redis.call("UNLINK", unpack(pending.UNLINK[""]))
    end
    step.pending = {}
  end
  if step.counters then
    flush_counters(step)
  end
end

return writes
