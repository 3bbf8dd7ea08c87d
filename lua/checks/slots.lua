-- Slots of limits are held by the jobs that run under these, and by no others.

local keys = require("store.keys")
local records = require("store.records")
local states = require("rules.states")
local throttle = require("doors.throttle")

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
    or not records.has(record, COUNTED)
    or not contains(throttle.names(step, record), subject.rest)
  then
    return "does not run under this limit"
  end
end

function stray.mend(step, subject)
  redis.call("ZREM", subject.key, subject.member)
  throttle.look_again(step, subject.rest)
end

local lost = { name = "lost-slot", keys = { "job" }, state = RUNNING, flags = COUNTED }

-- The slots that a job is to hold. One that ran before its klass had a limit has none of that.
local function missing(step, record)
  local found, names = {}, records.ruling(record).limits or {}
  for position = 1, #names do
    if not redis.call("ZSCORE", keys.slots(step, names[position]), record.jid) then
      found[#found + 1] = names[position]
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
end

return {
  keys = { slots = { type = "zset", jid = 1 } },
  invariants = { stray, lost },
}
