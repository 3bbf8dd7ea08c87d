-- The registry: queues and klasses know their names by their numbers and the other way round, and
-- counters are ahead of what they have counted.

local keys = require("store.keys")
local queues = require("store.queues")
local root = require("store.root")
local writes = require("store.writes")

-- A field of the root whose name is that of a kind and a queue, a klass or a number.
local function split(subject)
  return string.match(subject.member, "^([%a-]+):(.*)$")
end

local function number_of(control)
  return (struct.unpack(">I3", control))
end

-- For each kind of field: the field that must answer it, what that must say, and how it is read.
local ANSWERED = {
  queue = function(name, control)
    return "name:" .. number_of(control), name
  end,
  name = function(number, name)
    return "queue:" .. name, tonumber(number), number_of
  end,
  klass = function(name, number)
    return "klass-name:" .. number, name
  end,
  ["klass-name"] = function(number, name)
    return "klass:" .. name, tonumber(number), tonumber
  end,
}

local unregistered = { name = "unregistered-name", members = { "", "queues" } }

local function find_listed(step, name)
  if not root.get(step, "queue:" .. name) then
    return "is listed, and there is no such queue"
  end
end

function unregistered.find(step, subject)
  if subject.kind == "queues" then
    return find_listed(step, subject.member)
  end
  local kind, rest = split(subject)
  if not ANSWERED[kind] then
    return nil
  end
  local field, expected, read = ANSWERED[kind](rest, subject.value)
  local found = root.get(step, field)
  if not found then
    return "there is no field " .. field
  elseif (read and read(found) or found) ~= expected then
    return "the field " .. field .. " says otherwise", true
  elseif kind == "queue" and not redis.call("ZSCORE", keys.queues(step), rest) then
    return "the queue is not listed"
  end
end

function unregistered.mend(step, subject)
  if subject.kind == "queues" then
    writes.one(step, "ZREM", keys.queues(step), subject.member)
    return
  end
  local kind, rest = split(subject)
  local field, expected = ANSWERED[kind](rest, subject.value)
  if kind == "name" then
    queues.register(step, subject.value, expected)
  else
    root.set(step, field, expected)
  end
  if kind == "queue" then
    writes.pair(step, "ZADD", keys.queues(step), step.now, rest)
  end
end

local COUNTERS = { ["name"] = "last-queue", ["klass-name"] = "last-klass" }

-- The counter that a number was drawn from, and what it says.
local function counter_of(step, subject)
  local kind, number = split(subject)
  local counter = COUNTERS[kind]
  return counter, tonumber(number), counter and tonumber(root.get(step, counter) or 0)
end

local behind = { name = "counter-behind", keys = { "job" }, members = { "" } }

local function drawn(step)
  step.last_drawn = step.last_drawn or tonumber(redis.call("GET", keys.sequence(step)) or 0)
  return step.last_drawn
end

function behind.find(step, subject)
  if subject.kind == "job" then
    local place, last = subject.record.place, drawn(step)
    return place > last and string.format("has place %.0f, and the last is %.0f", place, last)
      or nil
  end
  local counter, number, last = counter_of(step, subject)
  if counter and number > last then
    return counter .. " says " .. last
  end
end

function behind.mend(step, subject)
  if subject.kind == "job" then
    redis.call("INCRBY", keys.sequence(step), subject.record.place - drawn(step))
  else
    local counter, number = counter_of(step, subject)
    root.set(step, counter, number)
  end
end

local klass = { name = "unknown-klass", keys = { "job" } }

function klass.find(step, subject)
  local number = subject.record.klass
  if number > 0 and not root.get(step, "klass-name:" .. number) then
    return "what it runs has the number " .. number .. ", and no name"
  end
end

return {
  keys = { [""] = { type = "hash" }, queues = { type = "zset" }, sequence = {} },
  invariants = { unregistered, behind, klass },
}
