-- Complete and failed jobs: one sorted set a queue each, by the time of their end, kept for as
-- long and as many as the settings say, the queue's own if it has such. Purging itself is in
-- doors/purge.lua.

local clock = require("store.clock")
local keys = require("store.keys")
local limits = require("rules.limits")
local own = require("store.own")
local writes = require("store.writes")

local retention = {}

-- How far above its limit a set may grow before the surplus goes, so that it goes in slices.
local function slack(limit)
  return math.min(limits.DUE, math.floor(limit / 10))
end

-- How many of a set of this size are too many; 0 while the slack lasts.
function retention.surplus(step, queue, prefix, size)
  local limit = own.value(step, queue, prefix .. "-count")
  return size > limit + slack(limit) and size - limit or 0
end

local function add(step, jid, queue, key, prefix)
  writes.pair(step, "ZADD", key, step.stamp, jid)
  local kept = step.kept
  if not kept then
    kept = {}
    step.kept = kept
  end
  local found = kept[key]
  if not found then
    found = { added = 0, size = redis.call("ZCARD", key), prefix = prefix, queue = queue }
    kept[key] = found
    if found.size == 0 then
      local moment = step.now + own.milliseconds(step, queue, prefix)
      clock.at(step, clock.RETENTION, queue.number, moment)
    end
  end
  found.added = found.added + 1
end

-- How many jobs of a set to take off, after what the step has added to it.
function retention.excess(step, found)
  local surplus = retention.surplus(step, found.queue, found.prefix, found.size + found.added)
  -- More than what comes in goes out, or a set that is over its limit would stay so.
  return math.min(surplus, found.added + limits.DUE)
end

function retention.complete(step, jid, queue)
  add(step, jid, queue, keys.complete(step, queue), "jobs-history")
end

function retention.failed(step, jid, queue)
  add(step, jid, queue, keys.failed(step, queue), "failed-history")
end

-- Whether completed jobs of the queue leave at once.
function retention.none(step, queue)
  if step.asked ~= queue then
    step.asked = queue
    step.none = own.value(step, queue, "jobs-history-count") == 0
      or own.value(step, queue, "jobs-history") == 0
  end
  return step.none
end

return retention
