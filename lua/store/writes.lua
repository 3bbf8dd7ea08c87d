-- Writes that a step gathers, so that a call on fifty jobs sends one ZADD a set and not fifty.
-- Members are removed before members are added; what a step adds and then removes is not added.

local writes = {}

-- A gathered command is a list, as redis.call takes it: command, key, members. They are found by
-- their key, and sent in their order. kind: removals or additions.
local function gather(step, kind, command, key)
  local lists = step[kind]
  if not lists then
    lists = {}
    step[kind] = lists
  end
  local list = { command, key }
  lists[#lists + 1] = list
  lists[key] = list
  return list
end

-- Where the member is in what a command adds.
local MEMBER = { ZADD = 1, HSET = 0 }

-- Takes a member out of what is to be added.
local function take_back(additions, list, member)
  local at = MEMBER[list[1]]
  for position = #list - 1, 3, -2 do
    if list[position + at] == member then
      table.remove(list, position)
      table.remove(list, position)
    end
  end
  if #list == 2 then
    additions[list[2]] = nil
    for position = #additions, 1, -1 do
      if additions[position] == list then
        table.remove(additions, position)
      end
    end
  end
end

-- Removes a member: ZREM, HDEL.
function writes.one(step, command, key, member)
  local additions = step.additions
  if additions and additions[key] then
    take_back(additions, additions[key], member)
  end
  local removals = step.removals
  local list = removals and removals[key] or gather(step, "removals", command, key)
  list[#list + 1] = member
end

-- The list that pairs for a key are added to: ZADD (score, member), HSET (field, value). It holds
-- until the next flush.
function writes.adding(step, command, key)
  local additions = step.additions
  return additions and additions[key] or gather(step, "additions", command, key)
end

function writes.pair(step, command, key, first, second)
  local list = writes.adding(step, command, key)
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

-- Adds to a counter in a hash, which expires `lifetime` milliseconds after its first field.
function writes.count(step, key, field, amount, lifetime)
  step.counters = step.counters or {}
  local hash = step.counters[key]
  if not hash then
    hash = { lifetime = lifetime, fields = {} }
    step.counters[key] = hash
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
    step.counters = nil
  end
end

return writes
