-- Slots of limits are held by the jobs that run under these, and by no others.

local clock = require("store.clock")
local keys = require("store.keys")
local records = require("store.records")
local settings = require("store.settings")
local states = require("rules.states")
local throttle = require("doors.throttle")
local throttles = require("store.throttles")

local COUNTED = states.flags.COUNTED
local RUNNING = states.number.running

local function contains(list, name)
  for position = 1, #(list or {}) do
    if list[position] == name then
      return true
    end
  end
  return false
end

local stray = { name = "stray-slot", members = { "slots" } }

function stray.find(step, subject)
  local record = subject.record
  if
    not record
    or record.state ~= RUNNING
    or not contains(throttle.names(step, record), subject.rest)
  then
    return "does not run under this limit"
  end
end

function stray.mend(step, subject)
  redis.call("ZREM", subject.key, subject.member)
  throttle.look_again(step, subject.rest)
end

local lost = { name = "lost-slot", keys = { "job" }, state = RUNNING }

-- The limits of which a job is to hold a slot, and does not or does not say so.
local function missing(step, record)
  local found, says = {}, records.has(record, COUNTED)
  for _, name in ipairs(throttle.names(step, record) or {}) do
    local holds = says and redis.call("ZSCORE", keys.slots(step, name), record.jid)
    if not holds and not throttles.uncounted(step, name) then
      found[#found + 1] = name
    end
  end
  return found
end

function lost.find(step, subject)
  local name = missing(step, subject.record)[1]
  return name and "runs, and has no slot of " .. name
end

function lost.mend(step, subject)
  local record = subject.record
  for _, name in ipairs(missing(step, record)) do
    redis.call("ZADD", keys.slots(step, name), record.popped or step.now, record.jid)
  end
  records.raise(record, COUNTED)
  records.save(step, record)
end

local idle = { name = "idle-counting", members = { "" } }

function idle.find(step, subject)
  if
    subject.member == settings.FIELD
    and settings.uncounted(step)
    and not redis.call("ZSCORE", keys.clock(step), clock.INCUMBENTS .. 0)
  then
    return "has klasses whose running jobs nobody counts"
  end
end

function idle.mend(step)
  clock.at(step, clock.INCUMBENTS, 0, step.now)
end

return {
  keys = { slots = { type = "zset", jid = 1 } },
  invariants = { stray, lost, idle },
}
