-- Limits: what is allowed is whole, listed, and known to whom it concerns.

local incumbents = require("doors.incumbents")
local keys = require("store.keys")
local limiting = require("rules.limiting")
local queues = require("store.queues")
local root = require("store.root")
local settings = require("store.settings")
local throttle = require("doors.throttle")
local throttles = require("store.throttles")
local unpark = require("doors.unpark")

local LINGER = 60000 -- milliseconds for a bucket of which nobody knows when it is full

-- What is allowed under a name has changed: who is parked there is looked at.
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
    incumbents.begin(step)
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

return {
  keys = {
    limit = {},
    limits = { type = "zset" },
    bucket = {
      expires = function()
        return LINGER
      end,
    },
  },
  invariants = { unlisted, half },
}
