-- Whether the limits that a job is under let it start, and what is counted for that.
--
-- A job that becomes runnable waits as long as its limits could let it start, else it is parked:
-- in the state throttled, under one of the limits that are closed. So that nobody waits for a slot
-- that nobody takes, each queue has as many jobs waiting as its limit lets start, if it has them; a
-- limit that serves several queues then has more waiting than may start, and a pop that meets one
-- too many parks it. doors/unpark.lua takes parked jobs back, in their order: nobody who comes
-- later passes them by, unless it is more urgent.
--
-- The flag COUNTED says that a waiting job is counted so, and that a running one holds its slots.

local clock = require("store.clock")
local keys = require("store.keys")
local klasses = require("store.klasses")
local limiting = require("rules.limiting")
local lines = require("store.lines")
local places = require("store.places")
local queues = require("store.queues")
local records = require("store.records")
local rings = require("store.rings")
local settings = require("store.settings")
local states = require("rules.states")
local throttles = require("store.throttles")

local throttle = {}

local COUNTED, RULED = states.flags.COUNTED, states.flags.RULED

-- The names of the limits that a job is under, or nil. parked: also of the one that its klass may
-- have had; then there is a list.
function throttle.names(step, record, parked)
  local names = records.has(record, RULED) and { unpack(records.ruling(record).limits or {}) } or {}
  local limited = settings.klasses(step)
  if parked or (limited and limited[record.klass]) then
    names[#names + 1] = limiting.KLASS .. klasses.name(step, record.klass)
  end
  return #names > 0 and names or nil
end

-- Limits under which less is taken than before, or more is allowed; doors/unpark.lua looks at them.
function throttle.look_again(step, name)
  local reopened = step.reopened
  if not reopened then
    reopened = {}
    step.reopened = reopened
  end
  if not reopened[name] then
    reopened[name] = true
    reopened[#reopened + 1] = name
  end
end

local function shut(step, found, record, queue, called)
  local open, line = throttles.open(step, found), throttles.line(found, queue.number)
  if line.waiting < open then
    return line.parked > 0 and not called
  end
  return open == 0 or record.priority >= line.worst
end

-- Whether a job that becomes runnable is to be parked, and the limit under which: none when it is
-- behind others of its order key. One that may wait is counted. called: it was parked, and it is
-- its turn.
function throttle.enter(step, record, queue, called)
  if not lines.first(step, record) then
    return true, nil
  end
  local names = throttle.names(step, record)
  if not names then
    return false
  end
  for position = 1, #names do
    if shut(step, throttles.get(step, names[position]), record, queue, called) then
      return true, names[position]
    end
  end
  records.raise(record, COUNTED)
  for position = 1, #names do
    local found = throttles.get(step, names[position])
    local line = throttles.line(found, queue.number)
    line.worst = line.waiting == 0 and record.priority or math.max(line.worst, record.priority)
    line.waiting = line.waiting + 1
    throttles.touch(found, queue.number)
  end
  return false
end

-- A job that is counted does not wait any more.
function throttle.left(step, record, queue)
  if not records.has(record, COUNTED) then
    return
  end
  records.lower(record, COUNTED)
  for _, name in ipairs(throttle.names(step, record) or {}) do
    local found = throttles.get(step, name)
    local line = throttles.line(found, queue.number)
    line.waiting = math.max(line.waiting - 1, 0)
    throttles.touch(found, queue.number)
    throttle.look_again(step, name)
  end
end

-- The priority of a waiting job changes.
function throttle.reorder(step, record, queue, priority)
  if records.has(record, COUNTED) then
    for _, name in ipairs(throttle.names(step, record) or {}) do
      local found = throttles.get(step, name)
      local line = throttles.line(found, queue.number)
      line.worst = math.max(line.worst, priority)
      throttles.touch(found, queue.number)
    end
  end
end

-- A pop is about to hand a job out that has just left the waiting set: takes its slots, or returns
-- the name of the limit that is closed.
function throttle.start(step, record, queue)
  throttle.left(step, record, queue)
  local names = throttle.names(step, record)
  if not names then
    return nil
  end
  for position = 1, #names do
    if throttles.open(step, throttles.get(step, names[position])) == 0 then
      return names[position]
    end
  end
  records.raise(record, COUNTED)
  for position = 1, #names do
    throttles.take(step, throttles.get(step, names[position]), record.jid)
  end
  return nil
end

-- A job does not run any more: its slots are returned.
function throttle.ended(step, record)
  if not records.has(record, COUNTED) then
    return
  end
  records.lower(record, COUNTED)
  for _, name in ipairs(throttle.names(step, record) or {}) do
    throttles.give_back(step, throttles.get(step, name), record.jid)
    throttle.look_again(step, name)
  end
end

-- Into the throttled state, with the place that it has. name: the limit, or nil when it is behind
-- others of its order key.
function throttle.park(step, record, queue, name)
  record.state = states.number.throttled
  record.queue = queue.number
  records.save(step, record)
  local member = places.member(record)
  redis.call("ZADD", keys.throttled(step, queue), record.priority, member)
  if name then
    local found = throttles.get(step, name)
    redis.call("ZADD", keys.parked(step, queue, name), record.priority, member)
    local line = throttles.line(found, queue.number)
    line.parked = line.parked + 1
    throttles.touch(found, queue.number)
    throttle.look_again(step, name)
  end
end

-- Takes a throttled job out again.
function throttle.unpark(step, record, queue)
  local member = places.member(record)
  redis.call("ZREM", keys.throttled(step, queue), member)
  for _, name in ipairs(throttle.names(step, record, true)) do
    if redis.call("ZREM", keys.parked(step, queue, name), member) == 1 then
      local found = throttles.get(step, name)
      local line = throttles.line(found, queue.number)
      line.parked = math.max(line.parked - 1, 0)
      throttles.touch(found, queue.number)
    end
  end
end

-- A limit and how much of it is taken: of a queue's own, all that run there.
local function known(step, name)
  local found, queue = throttles.get(step, name), limiting.of(name, limiting.QUEUE)
  if queue then
    queue = queues.named(step, queue)
    found.used = queue and redis.call("ZCARD", keys.running(step, queue)) or 0
  end
  return found
end

-- How many jobs the queue's own limit lets start, and the limit; math.huge when it has none.
function throttle.room(step, queue)
  if not queue.limited then
    return math.huge, nil
  end
  local found = known(step, limiting.QUEUE .. queue.name)
  return throttles.open(step, found), found
end

-- What is allowed under a name and what is taken, as commands/limits.lua answers it.
function throttle.describe(step, name)
  local found = known(step, name)
  local allowed, open, parked = found.allowed, throttles.open(step, found), 0
  local counted = found.used and found.used < math.huge
  for _, line in pairs(found.lines) do
    parked = parked + line.parked
  end
  return {
    name,
    allowed.at_once or "",
    allowed.rate or "",
    allowed.period or "",
    allowed.burst or "",
    counted and found.used or redis.call("ZCARD", keys.slots(step, name)),
    open < math.huge and open or "",
    parked,
    open == 0 and throttles.moment(step, found) or "",
  }
end

-- The limits that a job is under, each as above, and how many jobs are parked before it there
-- (empty: it is not parked under this one).
function throttle.conditions(step, record, queue)
  local names, list =
    throttle.names(step, record, record.state == states.number.throttled) or {}, {}
  local member = places.member(record)
  for position = 1, #names do
    local ahead = redis.call("ZRANK", keys.parked(step, queue, names[position]), member)
    local described = throttle.describe(step, names[position])
    if ahead or described[2] ~= "" or described[3] ~= "" then
      described[#described + 1] = ahead or ""
      list[#list + 1] = described
    end
  end
  if queue.limited then
    local own = throttle.describe(step, limiting.QUEUE .. queue.name)
    own[#own + 1] = ""
    list[#list + 1] = own
  end
  return list
end

-- So many jobs of a queue with a limit of its own have been handed out.
function throttle.started(step, queue, found, count)
  throttles.take_tokens(step, found, count)
  found.used = found.used and found.used + count
  local moment = throttles.moment(step, found)
  throttles.settle(step, found)
  if moment and throttles.open(step, found) == 0 then
    moment = math.max(moment, step.now + 1)
    if clock.at(step, clock.THROTTLED, queue.number, moment) then
      rings.hasten(step, queue, moment)
    end
  end
end

return throttle
