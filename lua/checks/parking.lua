-- Parked jobs: limits know of them, and look at them when they let jobs start; nobody is throttled
-- by nothing.

local enter = require("doors.enter")
local evidence = require("doors.evidence")
local keys = require("store.keys")
local limiting = require("rules.limiting")
local limits = require("rules.limits")
local lines = require("store.lines")
local places = require("store.places")
local recount = require("doors.recount")
local states = require("rules.states")
local throttle = require("doors.throttle")
local throttles = require("store.throttles")

local THROTTLED = states.number.throttled

-- The queue and the limit that a key is about.
local function split(step, subject)
  local number, name = string.match(subject.rest, "^(%d+):(.*)$")
  return evidence.queue(step, tonumber(number)), name
end

-- Whether a job is parked under one of its limits, or this one.
local function parked(step, record, only)
  local names = throttle.names(step, record, true)
  for position = 1, #names do
    local name = names[position]
    if
      (not only or name == only)
      and redis.call(
        "ZSCORE",
        keys.parked(step, evidence.queue(step, record.queue), name),
        places.member(record)
      )
    then
      return true
    end
  end
  return false
end

local stray = { name = "stray-parked", members = { "parked" } }

function stray.find(step, subject)
  local queue, name = split(step, subject)
  local record = subject.record
  if
    not record
    or record.state ~= THROTTLED
    or record.queue ~= queue.number
    or places.member(record) ~= subject.member
    or not parked(step, record, name)
  then
    return "is not held up by this limit", not queue.name
  end
end

function stray.mend(step, subject)
  local queue, name = split(step, subject)
  redis.call("ZREM", subject.key, subject.member)
  recount.settle(step, name, queue)
end

local unlisted = { name = "unlisted-parking", keys = { "parked" }, members = { "parking" } }

function unlisted.find(step, subject)
  if subject.kind == "parking" then
    local any = throttles.any_parked(throttles.get(step, subject.member))
    return not any and "has no jobs parked" or nil
  end
  local _, name = split(step, subject)
  if not redis.call("ZSCORE", keys.parking(step), name) then
    return "the limit is not listed as one with parked jobs"
  end
end

function unlisted.mend(step, subject)
  if subject.kind == "parking" then
    redis.call("ZREM", subject.key, subject.member)
  else
    local _, name = split(step, subject)
    redis.call("ZADD", keys.parking(step), 0, name)
  end
end

local unserved = { name = "unserved-limit", keys = { "parked" } }

-- Whether the parked jobs of a limit are going to be looked at, perhaps with all of its family.
local function awaited(step, name)
  local key, family = keys.openings(step), limiting.family(name)
  if redis.call("ZSCORE", key, name) then
    return true
  end
  local due = family
    and redis.call("ZRANGE", key, "-inf", step.now, "BYSCORE", "LIMIT", 0, limits.WALK)
  for position = 1, #(due or {}) do
    if string.sub(due[position], 1, #family + 1) == family .. "\0" then
      return true
    end
  end
  return due ~= nil and #due == limits.WALK
end

function unserved.find(step, subject)
  local queue, name = split(step, subject)
  local found = throttles.get(step, name)
  local line = found.lines[queue.number]
  if not line or line.parked == 0 or awaited(step, name) then
    return nil
  elseif line.waiting < throttles.open(step, found) then
    return "has jobs parked that may start", not queue.name
  elseif line.waiting == 0 and throttles.moment(step, found) then
    return "has jobs parked that may start in time, and nobody looks then", not queue.name
  end
end

function unserved.mend(step, subject)
  local _, name = split(step, subject)
  throttle.look_again(step, name)
end

local needless = { name = "needless-throttle", keys = { "job" }, state = THROTTLED }

function needless.find(step, subject)
  local record = subject.record
  local _, before = lines.standing(step, record)
  if (not lines.of(record) or before == 0) and not parked(step, record) then
    local queue = evidence.queue(step, record.queue)
    return "is throttled, and neither by a limit nor by its order key", not queue.name
  end
end

function needless.mend(step, subject)
  local record = subject.record
  local queue = evidence.queue(step, record.queue)
  throttle.unpark(step, record, queue)
  enter.again(step, record, queue)
end

return {
  keys = {
    parked = { type = "zset", jid = places.JID },
    parking = { type = "zset" },
    openings = { type = "zset" },
  },
  invariants = { stray, unlisted, unserved, needless },
}
