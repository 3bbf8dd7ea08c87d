-- Complete and failed jobs: one sorted set a queue each, by the time of their end, kept for as
-- long and as many as the settings say. Purging itself is in doors/purge.lua.

local clock = require("store.clock")
local keys = require("store.keys")
local limits = require("rules.limits")
local settings = require("store.settings")
local writes = require("store.writes")

local retention = {}

-- How far above its limit a set may grow before the surplus goes, so that it goes in slices.
local function slack(limit)
  return math.min(limits.DUE, math.floor(limit / 10))
end

-- How many of a set of this size are too many; 0 while the slack lasts.
function retention.surplus(step, prefix, size)
  local limit = settings.number(step, prefix .. "-count")
  return size > limit + slack(limit) and size - limit or 0
end

local function add(step, record, queue, key, prefix)
  writes.pair(step, "ZADD", key, step.now, record.jid)
  step.kept = step.kept or {}
  local kept = step.kept[key]
  if not kept then
    kept = { added = 0, size = redis.call("ZCARD", key) }
    step.kept[key] = kept
    if kept.size == 0 then
      local moment = step.now + settings.milliseconds(step, prefix)
      clock.at(step, clock.RETENTION, queue.number, moment)
    end
  end
  kept.added = kept.added + 1
  local surplus = retention.surplus(step, prefix, kept.size + kept.added)
  if surplus > 0 then
    -- More than what comes in goes out, or a set that is over its limit would stay so.
    step.surplus = true
    kept.surplus = math.min(surplus, kept.added + limits.DUE)
  end
end

function retention.complete(step, record, queue)
  add(step, record, queue, keys.complete(step, queue), "jobs-history")
end

function retention.failed(step, record, queue)
  add(step, record, queue, keys.failed(step, queue), "failed-history")
end

-- Whether completed jobs leave at once.
function retention.none(step)
  return settings.number(step, "jobs-history-count") == 0
    or settings.number(step, "jobs-history") == 0
end

return retention
