-- Writes that a step gathers, so that a call on fifty jobs sends one ZADD a set and not fifty.
-- Members are removed before members are added; what a step adds and then removes is not added.

local writes = {}

-- A gathered command is a list, as redis.call takes it: command, key, members. Few are open at a
-- time, and the newest is the likeliest, so they are looked for from the end.
local function find(lists, command, key)
  for position = #lists, 1, -1 do
    local list = lists[position]
    if list[2] == key and list[1] == command then
      return list, position
    end
  end
  return nil
end

-- kind: removals or additions.
local function gather(step, kind, command, key)
  local lists = step[kind]
  if not lists then
    lists = {}
    step[kind] = lists
  end
  local list = find(lists, command, key)
  if not list then
    list = { command, key }
    lists[#lists + 1] = list
  end
  return list
end

-- What a removal takes back, and where the member is in its pairs.
local TAKES_BACK = { ZREM = { command = "ZADD", at = 1 }, HDEL = { command = "HSET", at = 0 } }

local function take_back(step, addition, key, member)
  local list, place = find(step.additions, addition.command, key)
  if not list then
    return
  end
  for position = #list - 1, 3, -2 do
    if list[position + addition.at] == member then
      table.remove(list, position)
      table.remove(list, position)
    end
  end
  if #list == 2 then
    table.remove(step.additions, place)
  end
end

-- Removes a member: ZREM, HDEL.
function writes.one(step, command, key, member)
  if step.additions then
    take_back(step, TAKES_BACK[command], key, member)
  end
  local list = gather(step, "removals", command, key)
  list[#list + 1] = member
end

-- Adds a pair: ZADD (score, member), HSET (field, value).
function writes.pair(step, command, key, first, second)
  local list = gather(step, "additions", command, key)
  local size = #list
  list[size + 1] = first
  list[size + 2] = second
end

-- Stores a text under a key of its own.
function writes.store(step, key, text)
  local list = step.stored
  if not list then
    list = { "MSET" }
    step.stored = list
  end
  local size = #list
  list[size + 1] = key
  list[size + 2] = text
end

-- Drops a key.
function writes.drop(step, key)
  local list = step.unlinked
  if not list then
    list = { "UNLINK" }
    step.unlinked = list
  end
  list[#list + 1] = key
end

-- What a step adds to the counters in a hash, field by field, for the caller to add to; `lifetime`
-- milliseconds after its first field the hash expires. It holds for the whole step.
function writes.counters(step, key, lifetime)
  step.counters = step.counters or {}
  local hash = step.counters[key]
  if not hash then
    hash = { lifetime = lifetime, fields = {} }
    step.counters[key] = hash
  end
  return hash.fields
end

function writes.count(step, key, field, amount, lifetime)
  local fields = writes.counters(step, key, lifetime)
  fields[field] = (fields[field] or 0) + amount
end

local function flush_counters(step)
  for key, hash in pairs(step.counters) do
    local fresh = false
    local fields = hash.fields
    for field, amount in pairs(fields) do
      -- A new field may mean a new hash; setting the lifetime again then costs little.
      if redis.call("HINCRBY", key, field, amount) == amount then
        fresh = true
      end
      fields[field] = nil
    end
    if fresh and hash.lifetime then
      redis.call("PEXPIRE", key, hash.lifetime)
    end
  end
end

local function send(lists)
  for position = 1, #lists do
    redis.call(unpack(lists[position]))
  end
end

function writes.flush(step)
  if step.removals then
    send(step.removals)
    step.removals = nil
  end
  if step.additions then
    send(step.additions)
    step.additions = nil
  end
  if step.stored then
    redis.call(unpack(step.stored))
    step.stored = nil
  end
  if step.unlinked then
    redis.call(unpack(step.unlinked))
    step.unlinked = nil
  end
  if step.counters then
    flush_counters(step)
  end
end

return writes
