-- Takes parked jobs back that may start by now: slots were returned, their time has come, what is
-- allowed has changed, or one that waited instead of them has gone. A call takes back some
-- limits.DUE; what is left is the tick's.

local clock = require("store.clock")
local enter = require("doors.enter")
local keys = require("store.keys")
local limits = require("rules.limits")
local places = require("store.places")
local queues = require("store.queues")
local records = require("store.records")
local rings = require("store.rings")
local states = require("rules.states")
local throttle = require("doors.throttle")
local throttles = require("store.throttles")

local unpark = {}

local function take_back(step, found, queue, member)
  local record = records.live(step, string.sub(member, places.JID))
  if record and record.state == states.number.throttled and record.queue == queue.number then
    throttle.unpark(step, record, queue)
    enter.again(step, record, queue, true)
  else
    redis.call("ZREM", keys.parked(step, queue, found.name), member)
  end
end

-- Takes the first of a queue's parked jobs back, as many as may wait, at most `budget`; returns how
-- many were looked at.
local function serve(step, found, number, budget)
  local queue, line = queues.numbered(step, number), throttles.line(found, number)
  local open = throttles.open(step, found)
  local looked = 0
  while line.parked > 0 and line.waiting < open and looked < budget do
    local many = math.min(open - line.waiting, budget - looked) - 1
    local members = redis.call("ZRANGE", keys.parked(step, queue, found.name), 0, many)
    for position = 1, #members do
      take_back(step, found, queue, members[position])
    end
    looked = looked + #members
    if #members == 0 then
      line.parked = 0
      throttles.touch(found, number)
    end
  end
  return looked
end

-- The limit is looked at then. Returns whether nothing is known to be due before.
function unpark.later(step, name, moment)
  redis.call("ZADD", keys.openings(step), moment, name)
  return clock.at(step, clock.THROTTLED, 0, moment)
end

-- Jobs of these queues may start at a moment when nobody would look.
local function hasten(step, numbers, moment)
  for position = 1, #numbers do
    rings.hasten(step, queues.numbered(step, numbers[position]), moment)
  end
end

-- One limit under which jobs are parked; returns how many were looked at.
local function look(step, found, budget)
  local name = found.name
  local numbers, looked, left = {}, 0, false
  for number, line in pairs(found.lines) do
    if line.parked > 0 then
      numbers[#numbers + 1] = number
    end
  end
  table.sort(numbers)
  for position = 1, #numbers do
    looked = looked + serve(step, found, numbers[position], budget - looked)
    left = left or throttles.line(found, numbers[position]).parked > 0
  end
  if looked >= budget then
    unpark.later(step, name, step.now)
  elseif left then
    throttles.settle(step, found)
    local moment = throttles.moment(step, found)
    moment = moment and math.max(moment, step.now + 1)
    if moment and unpark.later(step, name, moment) then
      hasten(step, numbers, moment)
    end
  end
  return looked
end

-- Looks at all limits that something has changed for.
function unpark.flush(step)
  local budget = limits.DUE
  while step.reopened do
    local names = step.reopened
    step.reopened = nil
    for position = 1, #names do
      local found = throttles.get(step, names[position])
      if throttles.any_parked(found) and budget > 0 then
        budget = budget - math.max(look(step, found, budget), 1)
      elseif throttles.any_parked(found) then
        unpark.later(step, names[position], step.now)
      end
    end
  end
end

-- What the limits of a family allow has changed: all under which jobs are parked are looked at,
-- some at a time. after: the name after which to go on.
function unpark.sweep(step, family, after)
  local prefix = string.sub(family, 1, -2)
  local list = redis.call(
    "ZRANGE",
    keys.parking(step),
    after and "(" .. after or "[" .. prefix,
    "(" .. prefix .. "\255",
    "BYLEX",
    "LIMIT",
    0,
    limits.DUE
  )
  for position = 1, #list do
    unpark.later(step, list[position], step.now)
  end
  if #list == limits.DUE then
    unpark.later(step, family .. "\0" .. list[#list], step.now)
  end
end

-- A duty of the tick: limits whose moment has come, or a queue whose own limit lets jobs start.
function unpark.due(step, queue, budget)
  if queue then
    rings.wake(step, queue)
    return 1, nil
  end
  local key = keys.openings(step)
  local names = redis.call("ZRANGE", key, "-inf", step.now, "BYSCORE", "LIMIT", 0, budget)
  for position = 1, #names do
    redis.call("ZREM", key, names[position])
    local family, after = string.match(names[position], "^(.*:%*)%z(.*)$")
    if family then
      unpark.sweep(step, family, after)
    else
      throttle.look_again(step, names[position])
    end
  end
  local first = redis.call("ZRANGE", key, 0, 0, "WITHSCORES")[2]
  return #names, first and tonumber(first) or nil
end

return unpark
