-- Limits: what is allowed is listed and known to whom it concerns, and slots are held by the jobs
-- that run under it.

local keys = require("store.keys")
local limiting = require("rules.limiting")
local queues = require("store.queues")
local records = require("store.records")
local root = require("store.root")
local settings = require("store.settings")
local states = require("rules.states")
local throttle = require("doors.throttle")
local throttles = require("store.throttles")
local unpark = require("doors.unpark")

local COUNTED = states.flags.COUNTED
local RUNNING = states.number.running
local LINGER = 60000 -- milliseconds for a bucket of which nobody knows when it is full

-- Less is allowed no more under a name, or taken: who is parked there is looked at.
local function look_again(step, name)
  if limiting.is_family(name) then
    unpark.sweep(step, name)
  else
    throttle.look_again(step, name)
  end
end

local unlisted = { name = "unlisted-limit", keys = { "limit" }, members = { "limits" } }

-- The queue that has this limit and does not know of it, or the number of such a klass.
local function ignorant(step, name)
  local queue = queues.named(step, limiting.of(name, limiting.QUEUE) or "")
  if queue then
    return not queue.limited and queue or nil, nil
  end
  local klass = limiting.of(name, limiting.KLASS)
  local number = klass and tonumber(root.get(step, "klass:" .. klass) or nil)
  return nil, number and not (settings.klasses(step) or {})[number] and number or nil
end

function unlisted.find(step, subject)
  if subject.kind == "limits" then
    local said = redis.call("EXISTS", keys.limit(step, subject.member)) == 1
    return not said and "is listed, and nothing is said of what is allowed" or nil
  elseif not redis.call("ZSCORE", keys.limits(step), subject.rest) then
    return "is not listed in limits"
  end
  local queue, klass = ignorant(step, subject.rest)
  return (queue or klass) and "is of a queue or klass that does not know of it" or nil
end

function unlisted.mend(step, subject)
  if subject.kind == "limits" then
    throttles.forget(step, subject.member)
    look_again(step, subject.member)
    return
  end
  redis.call("ZADD", keys.limits(step), 0, subject.rest)
  local queue, klass = ignorant(step, subject.rest)
  if queue then
    queue.limited = true
    queues.save(step, queue)
  elseif klass then
    settings.limit_klass(step, klass, true)
  end
end

local half = { name = "half-limit", keys = { "limit" } }

function half.find(_, subject)
  local at_once, count, period, burst =
    unpack(redis.call("HMGET", subject.key, "at_once", "rate", "period", "burst"))
  if not (count and period and burst) and (count or period or burst or not at_once) then
    return "has a rate by half"
  end
end

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
  keys = {
    limit = {},
    limits = { type = "zset" },
    slots = { type = "zset", jid = 1 },
    bucket = {
      expires = function()
        return LINGER
      end,
    },
  },
  invariants = { unlisted, half, stray, lost },
}
